"""Tools for calls of many callers at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import context, tool

_failures: dict[str, int] = {}


@tool
def count(n: int, fail_at: int = -1) -> Iterator[int]:
    """Counts, and may fail on the way."""
    for index in range(n):
        if index == fail_at:
            raise ValueError("as asked")
        yield index


@tool
async def silent() -> AsyncIterator[int]:
    """Yields nothing until it is cancelled."""
    await asyncio.Event().wait()
    yield 0


@tool
def progressing(n: int) -> int:
    """Reports progress and prints."""
    for index in range(n):
        context.progress(index)
        print("progress", index)
    return n


@tool
def plain() -> int:
    """A value."""
    return 1


@tool
def dies() -> None:
    """Takes its worker with it."""
    import os

    os._exit(3)
