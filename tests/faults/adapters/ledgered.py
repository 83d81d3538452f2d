"""Tools that write down when they are entered, what they yield, and when they are left.

Each line is one write to a file that is only appended to, so lines of several processes never mix, and a killed process
leaves all the lines it has written.
"""

# ruff: noqa: INP001
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from snakepit_bridge import context, tool

_fd = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND) if "LEDGER" in os.environ else -1
# What tells this process from every other one, also from a later one of the same number.
_process = f"{os.getpid()}-{os.urandom(4).hex()}"


def _write(call: str, kind: str, **more: object) -> None:
    if _fd < 0:
        return
    event = {"side": "worker", "call": call, "at": time.time() * 1000, "kind": kind, "worker": _process, **more}
    os.write(_fd, json.dumps(event).encode() + b"\n")


@contextmanager
def _entered(call: str) -> Iterator[None]:
    # An interrupt between a start and its end would leave the end out.
    with context.shield():
        _write(call, "start")
    outcome = "cancelled"
    try:
        yield
        outcome = "ok"
    except Exception:
        outcome = "error"
        raise
    finally:
        with context.shield():
            _write(call, "end", outcome=outcome)


@tool
def works(call: str, ms: float) -> str:
    """Blocks for a while."""
    with _entered(call):
        time.sleep(ms / 1000)
        return call


@tool
async def works_later(call: str, ms: float) -> str:
    """Waits for a while on the event loop."""
    with _entered(call):
        await asyncio.sleep(ms / 1000)
        return call


@tool
def fails(call: str) -> str:
    """Raises, with the name of the call."""
    with _entered(call):
        raise ValueError(call)


@tool
def streams(call: str, n: int, size: int) -> Iterator[list[object]]:
    """Numbered chunks with some ballast."""
    with _entered(call):
        for seq in range(n):
            _write(call, "yield", seq=seq)
            yield [call, seq, bytes(size)]


@tool
async def streams_later(call: str, n: int, size: int) -> AsyncIterator[list[object]]:
    """The same from the event loop, with moments between."""
    with _entered(call):
        for seq in range(n):
            if seq % 8 == 0:
                await asyncio.sleep(0.001)
            _write(call, "yield", seq=seq)
            yield [call, seq, bytes(size)]


@tool
def pid() -> int:
    """This worker."""
    return os.getpid()


@tool
async def ticks() -> AsyncIterator[int]:
    """A number every few milliseconds, for ever."""
    number = 0
    while True:
        yield number
        number += 1
        await asyncio.sleep(0.002)


@tool
async def waits() -> None:
    """Until it is cancelled."""
    await asyncio.Event().wait()
