"""The descriptors that the host gave, put out of the tools' reach before any of their code is imported."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

WIRE_FD = 5

# Well above what programs close in loops or hand to `dup2`.
_PRIVATE = 200


@dataclass(frozen=True)
class Descriptors:
    """``lifeline``: standard input, whose end means that the host is gone. ``answer``: where the handshake goes.

    ``notice``: where the guardian hears that the worker's end has begun.
    """

    lifeline: int
    answer: int
    notice: int

    def forked(self) -> None:
        """This is a child: they are the worker's."""
        for fd in (self.lifeline, self.answer, self.notice):
            with suppress(OSError):  # the answer was given, and is closed
                os.close(fd)


def claim(answer: int, notice: int) -> Descriptors:
    """Moves fd 0 and these to private numbers that no child inherits; tools find an empty standard input."""
    claimed = Descriptors(_move(0), _move(answer), _move(notice))
    os.close(answer)
    os.close(notice)
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


def watch(lifeline: int, gone: Callable[[], object]) -> None:
    """Calls ``gone``, on a thread of its own, when the host is gone."""
    threading.Thread(target=_watch, args=(lifeline, gone), name="snakepit-lifeline", daemon=True).start()


def _watch(lifeline: int, gone: Callable[[], object]) -> None:
    os.set_blocking(lifeline, True)
    try:
        while os.read(lifeline, 4096):
            pass
    except OSError:
        pass
    gone()


def _move(fd: int) -> int:
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _PRIVATE)
    except OSError:  # a low limit of open files
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 4)
