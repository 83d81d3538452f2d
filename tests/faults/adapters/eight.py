"""Eight kinds of tools, from the one that is left at once to the one that never is. Five write down that they cleaned up."""

import asyncio
import ctypes
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from snakepit_bridge import tool

LEDGER = Path(os.environ["LEDGER"])


@contextmanager
def written_down(name: str) -> Iterator[None]:
    """Says when the tool has begun, and that its cleanup ran."""
    note(f"begin {name}")
    try:
        yield
    finally:
        note(f"cleanup {name}")


def note(line: str) -> None:
    """Writes a line down."""
    with LEDGER.open("a") as file:
        file.write(line + "\n")


@tool
def pid() -> int:
    """Process id of the worker."""
    return os.getpid()


@tool
async def awaits() -> None:
    """Wait for what never comes."""
    with written_down("awaits"):
        await asyncio.Event().wait()


@tool
async def async_generator() -> AsyncIterator[int]:
    """Yield, and wait for what never comes."""
    with written_down("async_generator"):
        yield 0
        await asyncio.Event().wait()


@tool
def generator() -> Iterator[int]:
    """Yield every few milliseconds, for ever."""
    with written_down("generator"):
        number = 0
        while True:
            yield number
            number += 1
            time.sleep(0.005)


@tool
def blocked_generator() -> Iterator[bytes]:
    """Yield more than anybody takes: it stands at the end of its window."""
    with written_down("blocked_generator"):
        while True:
            yield bytes(100_000)


@tool
def sleeps() -> None:
    """Sleep for longer than anybody waits."""
    with written_down("sleeps"):
        time.sleep(600)


@tool
async def loops_on_the_loop() -> None:
    """Keep the event loop from everybody."""
    with written_down("loops_on_the_loop"):
        while True:
            pass


@tool
def waits_in_c() -> None:
    """Wait in a C function that goes on after a signal, without the GIL."""
    note("begin waits_in_c")
    deadline = time.monotonic() + 600
    libc = ctypes.CDLL(None)
    while time.monotonic() < deadline:
        libc.usleep(600_000_000)


@tool
def holds_the_gil() -> None:
    """Wait in a C function that keeps the GIL."""
    note("begin holds_the_gil")
    ctypes.PyDLL(None).sleep(600)


@tool
def hides_everything() -> None:
    """Catch whatever is raised, for ever."""
    note("begin hides_everything")
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            continue
