"""Small tools, each with the nonce that it was sent."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import tool


@tool
def pid() -> int:
    """Process id of the worker."""
    return os.getpid()


@tool
def echo(nonce: int) -> int:
    """At once."""
    return nonce


@tool
async def echo_later(nonce: int) -> int:
    """From the event loop."""
    return nonce


@tool
def naps(nonce: int, ms: float = 1) -> int:
    """Blocks for a while."""
    time.sleep(ms / 1000)
    return nonce


@tool
def streams(nonce: int, n: int) -> Iterator[list[int]]:
    """Chunks with the nonce, in order."""
    for seq in range(n):
        yield [nonce, seq]


@tool
async def streams_later(nonce: int, n: int) -> AsyncIterator[list[int]]:
    """The same from the event loop, with moments between."""
    for seq in range(n):
        if seq % 8 == 7:
            await asyncio.sleep(0)
        yield [nonce, seq]


@tool
async def waits(nonce: int) -> None:
    """Until it is cancelled."""
    await asyncio.Event().wait()
