"""A worker with a family of processes, that does what it has drawn: `STATES` names a state for each worker in turn."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator

from snakepit_bridge import tool

LEDGER = os.environ["LEDGER"]


def note(line: str) -> None:
    """Writes a line down at once, whatever becomes of this process."""
    ledger = os.open(LEDGER, os.O_WRONLY | os.O_APPEND)
    os.write(ledger, f"{line}\n".encode())
    os.close(ledger)


def draw(states: list[str]) -> str:
    """Takes the first state that no worker has taken before."""
    for number, state in enumerate(states):
        try:
            os.close(os.open(f"{LEDGER}.{number}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        return state
    return "idle"


def grow() -> list[int]:
    """A child that cannot be asked, one in a session of its own, and a daemon: forked twice, nobody's child."""
    stubborn = subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; exec sleep 600"])
    apart = subprocess.Popen(["sleep", "600"], start_new_session=True)
    daemon = subprocess.run(
        ["sh", "-c", "sleep 600 > /dev/null & echo $!"], start_new_session=True, stdout=subprocess.PIPE, check=True
    )
    return [stubborn.pid, apart.pid, int(daemon.stdout)]


def hold_the_gil() -> None:
    """Waits in a C function that keeps the interpreter locked."""
    while True:
        ctypes.PyDLL(None).sleep(600)


STATE = draw(os.environ["STATES"].split(","))
note(" ".join(map(str, ["born", os.getpid(), os.getppid(), *grow()])))
if STATE == "booting":
    time.sleep(600)
if STATE == "booting-gil":
    hold_the_gil()


@tool
def lives_on() -> Iterator[bytes]:
    """Does what this worker has drawn, as a rule for ever."""
    note(f"in {STATE}")
    if STATE == "streaming":
        while True:
            yield bytes(1000)
    if STATE == "gil":
        hold_the_gil()
    if STATE == "sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    while STATE == "c":
        ctypes.CDLL(None).sleep(600)
