"""Tools that are cancelled, each in its own place. They say when they are there, and what they did on the way out."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import BaseAdapter, context, tool

_left: dict[str, list[str]] = {}
_may_leave = threading.Event()


def _leave(name: str, how: str = "finally") -> None:
    _left.setdefault(name, []).append(how)


class Model(BaseAdapter):
    """Has loaded something that must outlive every cancellation."""

    def initialize(self) -> None:
        self.weights = object()

    @tool
    async def left(self, name: str) -> list[str]:
        """How a tool was left."""
        return _left.get(name, [])

    @tool
    def loaded(self) -> list[int]:
        """The process, and what it has loaded."""
        return [os.getpid(), id(self.weights)]

    @tool
    async def let_leave(self) -> None:
        """Ends the work under the shield."""
        _may_leave.set()

    @tool
    def sleeps(self) -> None:
        """Blocks in a system call."""
        try:
            print("there")
            time.sleep(600)
        finally:
            _leave("sleeps")

    @tool
    def spins(self) -> None:
        """Never calls anything."""
        try:
            print("there")
            while True:
                pass
        finally:
            _leave("spins")

    @tool
    def yields(self) -> Iterator[int]:
        """Is at a yield, or at the end of its window."""
        try:
            print("there")
            yield from range(1 << 30)
        finally:
            _leave("yields")

    @tool
    def sleeps_between(self) -> Iterator[int]:
        """Blocks between two yields."""
        try:
            yield 0
            print("there")
            time.sleep(600)
        finally:
            _leave("sleeps_between")

    @tool
    async def awaits(self) -> None:
        """A coroutine."""
        try:
            print("there")
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            _leave("awaits", "CancelledError")
            raise
        finally:
            _leave("awaits")

    @tool
    async def awaits_between(self) -> AsyncIterator[int]:
        """An async generator."""
        try:
            yield 0
            print("there")
            await asyncio.sleep(600)
        finally:
            _leave("awaits_between")

    @tool
    def polls(self) -> None:
        """Asks whether it is still wanted, where nothing can interrupt it."""
        try:
            with context.shield():
                print("there")
                while not context.cancelled:
                    time.sleep(0.001)
                _leave("polls", "cancelled")
                context.check_cancelled()
        finally:
            _leave("polls")

    @tool
    def writes(self) -> None:
        """Must not be interrupted in the middle of its writing."""
        with context.shield():
            print("there")
            _may_leave.wait()
            _leave("writes", "written")
        _leave("writes", "went on")

    @tool
    def bystander(self) -> str:
        """What a stray interrupt would hit."""
        for _ in range(20_000):
            pass
        return "unharmed"
