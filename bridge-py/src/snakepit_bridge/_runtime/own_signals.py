"""The signals that the runtime takes for itself, whether they are still its own, and how children are rid of them."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

Handler = Callable[[int, "FrameType | None"], object]

# Handlers of ours, and what a process starts with in their place.
_taken: dict[int, tuple[Handler, Any]] = {}


def take(number: int, handler: Handler, usual: Any = signal.SIG_DFL) -> OwnSignal:
    """Takes a signal; on the main thread. ``usual`` is what children have in its place."""
    signal.signal(number, handler)
    _taken[number] = (handler, usual)
    return OwnSignal(number, handler)


def numbers() -> set[int]:
    """All that were taken."""
    return set(_taken)


def give_back() -> None:
    """To be called in a forked child: nothing there means what it means in the worker. A tool's own handlers stay."""
    for number, (handler, usual) in _taken.items():
        if signal.getsignal(number) is handler:
            signal.signal(number, usual)


def take_free(count: int, handler: Handler) -> list[OwnSignal]:
    """Takes so many signals that nobody uses; fewer where there are not so many."""
    free = [number for number in _seldom_used() if _address(number) == 0]
    return [take(number, handler) for number in free[:count]]


class OwnSignal:
    """A signal that was taken, as long as nobody else takes it."""

    def __init__(self, number: int, handler: Handler) -> None:
        self.number = number
        self._handler = handler
        # That of the interpreter, which calls the handlers of Python.
        self._address = _address(number)

    @property
    def name(self) -> str:
        """As ``kill -l`` writes it, where it has a name."""
        last = getattr(signal, "SIGRTMAX", 0)
        return f"SIGRTMAX-{last - self.number}" if self.number <= last else signal.Signals(self.number).name

    def lost_to(self) -> str:
        """Who has taken it since, in words; empty when nobody has."""
        handler = signal.getsignal(self.number)
        if handler is not self._handler:
            return _words(handler)
        if _address(self.number) != self._address:
            return "a handler in C, as `faulthandler.register` sets one"
        return ""

    def is_blocked(self) -> bool:
        """True when the main thread keeps it waiting. A look into /proc; where there is none nobody knows."""
        try:
            with open(f"/proc/self/task/{os.getpid()}/status", "rb") as status:
                mask = next(line for line in status if line.startswith(b"SigBlk:"))
        except (OSError, StopIteration):
            return False
        return bool(int(mask.split()[1], 16) >> (self.number - 1) & 1)


def _seldom_used() -> list[int]:
    last = getattr(signal, "SIGRTMAX", None)
    if last is not None:
        # From the upper end, where neither the C library nor the usual `SIGRTMIN + n` of programs are.
        return list(range(last - 6, last - 16, -1))
    return [signal.SIGURG, signal.SIGUSR2, signal.SIGUSR1]


def _words(handler: Any) -> str:
    if isinstance(handler, signal.Handlers):
        return f"`signal.{handler.name}`"
    if handler is None:
        return "a handler in C"
    module, name = getattr(handler, "__module__", "?"), getattr(handler, "__qualname__", repr(handler))
    return f"`{name}` of module `{module}`"


def _address(number: int) -> int:
    """Where the system jumps to when the signal comes; 0 for the default."""
    # The address is the first thing in every system's `struct sigaction`.
    action = (ctypes.c_size_t * 64)()
    _sigaction(number, None, action)
    return int(action[0])


_sigaction = ctypes.CDLL(None).sigaction
