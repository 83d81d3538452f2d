"""Small tools for hosts that misbehave."""

import asyncio
import os
from collections.abc import Iterator

from snakepit_bridge import context, tool


@tool
def one() -> int:
    """A number."""
    return 1


@tool
def numbers(n: int) -> Iterator[int]:
    """Some numbers."""
    yield from range(n)


@tool
def dies_after(n: int) -> Iterator[int]:
    """Ends its process in mid-stream."""
    yield from range(n)
    os._exit(1)


@tool
async def waits() -> None:
    """Until it is cancelled."""
    await asyncio.Event().wait()


@tool
async def reports() -> None:
    """Reports, and waits until it is cancelled."""
    context.progress(0.5)
    await asyncio.Event().wait()


@tool
def reports_between() -> Iterator[int]:
    """Reports before its chunk."""
    context.progress(0.5)
    yield 1
