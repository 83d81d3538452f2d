"""Tools that end their worker, or will not be left, each with a family of processes."""

import ctypes
import os
import signal
import subprocess
import time

from snakepit_bridge import tool

if os.environ.get("TROUBLE") == "hangs":
    time.sleep(600)


@tool
def pid() -> int:
    """This worker."""
    return os.getpid()


@tool
def grow() -> None:
    """A child that dies at once and is not collected, one apart, and a daemon."""
    subprocess.Popen(["true"])
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    subprocess.run(["sh", "-c", "sleep 600 & :"], start_new_session=True, stdout=subprocess.DEVNULL, check=True)


@tool
def killed() -> None:
    """As the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def segfaults() -> None:
    """Reads where nothing is."""
    ctypes.string_at(0)


@tool
def exits() -> None:
    """Leaves in the middle of a call."""
    os._exit(7)


@tool
def hides() -> None:
    """Catches whatever is raised, for ever."""
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            continue


@tool
def holds_the_gil() -> None:
    """Waits in a C function that keeps the interpreter locked."""
    while True:
        ctypes.PyDLL(None).sleep(600)
