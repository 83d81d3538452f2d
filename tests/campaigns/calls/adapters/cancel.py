"""Tools that can be left, each in another way. When they begin and clean up is written down with the monotonic clock."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from snakepit_bridge import context, tool

# Each call has its own line in the ledger, written in one go.
__thread_safe__ = True

_fd = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND)


def _note(call: int, what: str) -> None:
    os.write(_fd, f"{what} {call} {time.monotonic() * 1000}\n".encode())


@contextmanager
def _written_down(call: int) -> Iterator[None]:
    begun = False
    try:
        with context.shield():
            _note(call, "begin")
            begun = True
            context.progress(0.0)
        yield
    finally:
        if begun:
            _note(call, "cleanup")


@tool
def pid() -> int:
    """Process id of the worker."""
    return os.getpid()


@tool
async def awaits(call: int) -> None:
    """Wait for what never comes."""
    with _written_down(call):
        await asyncio.Event().wait()


@tool
async def async_generator(call: int) -> AsyncIterator[int]:
    """Yield, and wait for what never comes."""
    with _written_down(call):
        yield 0
        await asyncio.Event().wait()


@tool
def generator(call: int) -> Iterator[int]:
    """Yield every few milliseconds, for ever."""
    with _written_down(call):
        number = 0
        while True:
            yield number
            number += 1
            time.sleep(0.005)


@tool
def blocked_generator(call: int) -> Iterator[bytes]:
    """Yield more than anybody takes: it stands at the end of its window."""
    with _written_down(call):
        while True:
            yield bytes(100_000)


@tool
def sleeps(call: int) -> None:
    """Sleep for longer than anybody waits."""
    with _written_down(call):
        time.sleep(600)


@tool
def loops(call: int) -> None:
    """Compute for ever."""
    with _written_down(call):
        while True:
            pass


@tool
async def loops_on_the_loop(call: int) -> None:
    """Keep the event loop from everybody."""
    with _written_down(call):
        while True:
            pass
