"""How far a producer may be ahead of its consumer: both sides of a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """The most that a producer may have sent beyond what was taken: ``items``, and encoded ``bytes``."""

    items: int = 256
    bytes: int = 1 << 20


class Credit:
    """The producer's side: the next item may be made while less than ``items`` and ``bytes`` were sent in total.

    They are plain attributes, so a producer's loop compares two numbers. After ``revoke`` both are below everything.
    """

    __slots__ = ("_window", "bytes", "items", "notify", "waiting")

    def __init__(self, window: Window) -> None:
        self._window = window
        self.items = max(1, window.items)
        self.bytes = max(1, window.bytes)
        # Set by the producer while it waits, with how to wake it. A wake-up too many is harmless.
        self.waiting = False
        self.notify: Callable[[], None] = _nobody

    def grant(self, taken_items: int, taken_bytes: int) -> None:
        """Takes in what the consumer says it has taken."""
        if self.items < 0:
            return
        self.items = max(self.items, taken_items + max(1, self._window.items))
        self.bytes = max(self.bytes, taken_bytes + max(1, self._window.bytes))
        self._wake()

    def revoke(self) -> None:
        """Nothing more may be made: the producer comes to look why."""
        self.items = self.bytes = -1
        self._wake()

    @property
    def revoked(self) -> bool:
        """True once the call was cancelled."""
        return self.items < 0

    def allows(self, sent_items: int, sent_bytes: int) -> bool:
        """True when the producer need not wait: it may make an item, or has to look at a cancel."""
        return self.revoked or (sent_items < self.items and sent_bytes < self.bytes)

    def _wake(self) -> None:
        if self.waiting:
            self.waiting = False
            self.notify()


class Intake:
    """The consumer's side: counts what was taken, and says when to tell the producer."""

    __slots__ = ("_said_bytes", "_said_items", "_window", "bytes", "items")

    def __init__(self, window: Window) -> None:
        self._window = window
        self.items = self.bytes = 0
        self._said_items = self._said_bytes = 0

    def take(self, size: int) -> bool:
        """Counts an item of ``size`` bytes as taken. True when half of either window was taken since the last time."""
        self.items += 1
        self.bytes += size
        due = (self.items - self._said_items) * 2 >= self._window.items or (
            self.bytes - self._said_bytes
        ) * 2 >= self._window.bytes
        if due:
            self._said_items, self._said_bytes = self.items, self.bytes
        return due


def _nobody() -> None:
    return None


class _NoCredit(Credit):
    """Of calls without a stream, which have nobody to be ahead of: one for all of them."""

    __slots__ = ()

    def grant(self, taken_items: int, taken_bytes: int) -> None:
        """Nothing."""

    def revoke(self) -> None:
        """Nothing."""


NO_CREDIT: Credit = _NoCredit(Window())
