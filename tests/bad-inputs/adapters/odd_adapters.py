"""Adapters that cannot be made, or that come and go badly; `LEDGER` names a file that they write to."""

import asyncio
import os
import time
from abc import ABC, abstractmethod

from snakepit_bridge import BaseAdapter, tool


def _note(line: str) -> None:
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")


class Honest(BaseAdapter):
    """What the others have in common."""

    @tool
    def whoami(self) -> int:
        """The process that runs this."""
        return os.getpid()


class Abstract(Honest, ABC):
    """Leaves something to others."""

    @abstractmethod
    def missing(self) -> None:
        """Is not there."""


class Demanding(Honest):
    """Wants to be given something."""

    def __init__(self, price: int) -> None:
        self.price = price


class Slow(Honest):
    """Takes its time to come."""

    def initialize(self) -> None:
        """Sleeps."""
        time.sleep(1.0)
        _note("initialized")


class SlowAsync(Honest):
    """The same, on the event loop."""

    async def initialize(self) -> None:
        """Sleeps."""
        await asyncio.sleep(1.0)
        _note("initialized")


class RaisesAsync(Honest):
    """Cannot come, on the event loop."""

    async def initialize(self) -> None:
        """Raises."""
        raise RuntimeError("weights are corrupt")


class ExitsInitialize(Honest):
    """Wants the process to end before it has begun."""

    def initialize(self) -> None:
        """Leaves."""
        raise SystemExit(3)


class CleanupRaises(Honest):
    """Cannot go in peace."""

    def cleanup(self) -> None:
        """Raises."""
        _note("cleanup")
        raise RuntimeError("still in use")


class CleanupExits(Honest):
    """Goes by the back door."""

    def cleanup(self) -> None:
        """Leaves."""
        _note("cleanup")
        raise SystemExit(3)


class CleanupHangs(Honest):
    """Does not go."""

    def cleanup(self) -> None:
        """Hides everything."""
        _note("cleanup")
        while True:
            try:
                time.sleep(600)
            except BaseException:
                continue


class CleanupAsync(Honest):
    """Goes on the event loop."""

    async def cleanup(self) -> None:
        """Sleeps a little."""
        await asyncio.sleep(0.05)
        _note("cleanup")


class CleanupAsyncHangs(Honest):
    """Does not go, on the event loop."""

    async def cleanup(self) -> None:
        """Waits for nobody."""
        _note("cleanup")
        await asyncio.Event().wait()


def function() -> None:
    """Is no adapter."""


instance = Honest()
