"""Small work of every kind, each with the nonce that it was sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import context, tool


@tool
def echo(nonce: int) -> int:
    """At once."""
    return nonce


@tool
async def later(nonce: int) -> int:
    """From the event loop, a moment later."""
    await asyncio.sleep(0.001)
    return nonce


@tool
def naps(nonce: int) -> int:
    """Blocks for a moment."""
    time.sleep(0.004)
    return nonce


@tool
def fails(nonce: int) -> int:
    """Raises with the nonce."""
    raise ValueError(f"nonce {nonce}")


@tool
def counts(nonce: int) -> list:
    """In a session: how many calls it has seen on this worker."""
    context.state["seen"] = context.state.get("seen", 0) + 1
    return [nonce, context.session_id, context.state["seen"]]


@tool
def streams(nonce: int, n: int) -> Iterator[list]:
    """Chunks with the nonce, in order."""
    for index in range(n):
        yield [nonce, index]


@tool
async def streams_later(nonce: int, n: int) -> AsyncIterator[list]:
    """The same from the event loop, with moments between."""
    for index in range(n):
        if index % 16 == 0:
            await asyncio.sleep(0.001)
        yield [nonce, index]
