"""Tools that start processes, each harder to find than the one before, and tell their numbers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from snakepit_bridge import tool

_SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
_STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"]


def _daemon() -> int:
    """Forked twice, in a session of its own: nobody's child."""
    read, write = os.pipe()
    code = (
        "import os, sys, time\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        f"os.write({write}, str(os.getpid()).encode())\n"
        f"os.close({write})\n"
        "time.sleep(600)\n"
    )
    subprocess.run([sys.executable, "-c", code], pass_fds=(write,), check=True)
    os.close(write)
    with os.fdopen(read) as pipe:
        return int(pipe.read())


def _tell_busy() -> None:
    """Below Python: no thread of this process is needed to bring it to the host."""
    os.write(1, b"busy\n")


@tool
def grow() -> list[int]:
    """This worker, a child, a stubborn child, one in another session, and a daemon."""
    return [
        os.getpid(),
        os.getppid(),
        subprocess.Popen(_SLEEP).pid,
        subprocess.Popen(_STUBBORN).pid,
        subprocess.Popen(_SLEEP, start_new_session=True).pid,
        _daemon(),
    ]


@tool
def idles() -> None:
    """Waits in Python."""
    _tell_busy()
    time.sleep(600)


@tool
def holds_the_gil() -> None:
    """Computes in C for a minute, with the interpreter locked."""
    _tell_busy()
    sum(range(1 << 40))


@tool
def ignores_sigterm() -> None:
    """Cannot be asked."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _tell_busy()
    time.sleep(600)


@tool
def streams() -> Iterator[bytes]:
    """Pushes against its window."""
    _tell_busy()
    while True:
        yield bytes(1000)
