"""Tools that do nothing in particular, for a while or for ever."""

import asyncio
import os
from collections.abc import AsyncIterator

from snakepit_bridge import tool


@tool
def pid() -> int:
    """This worker."""
    return os.getpid()


@tool
async def naps(ms: float) -> int:
    """Waits, and says who did."""
    await asyncio.sleep(ms / 1000)
    return os.getpid()


@tool
async def waits() -> None:
    """Until it is cancelled."""
    await asyncio.Event().wait()


@tool
async def ticks() -> AsyncIterator[int]:
    """A number every few milliseconds, for ever."""
    number = 0
    while True:
        yield number
        number += 1
        await asyncio.sleep(0.002)
