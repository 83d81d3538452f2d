"""The descriptors that the host gave, put out of the tools' reach before any of their code is imported."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from dataclasses import dataclass

WIRE_FD = 5

# Well above what programs close in loops or hand to `dup2`.
_PRIVATE = 200


@dataclass(frozen=True)
class Descriptors:
    """``lifeline``: standard input, whose end means that the host is gone. ``answer``: where the handshake goes."""

    lifeline: int
    answer: int


def claim(answer: int) -> Descriptors:
    """Moves fd 0 and the answer's to private numbers that no child inherits; tools find an empty standard input."""
    claimed = Descriptors(_move(0), _move(answer))
    os.close(answer)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lives as long as the process
    return claimed


def claim_wire() -> int:
    """Moves the socket that carries frames to a private number. Only where the host said that there is one."""
    wire = _move(WIRE_FD)
    os.close(WIRE_FD)
    return wire


def watch(lifeline: int) -> None:
    """Leaves the process at once when the host is gone. What it was doing is of use to nobody now."""
    threading.Thread(target=_watch, args=(lifeline,), name="snakepit-lifeline", daemon=True).start()


def _watch(lifeline: int) -> None:
    os.set_blocking(lifeline, True)
    try:
        while os.read(lifeline, 4096):
            pass
    except OSError:
        pass
    os._exit(0)


def _move(fd: int) -> int:
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _PRIVATE)
    except OSError:  # a low limit of open files
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 4)
