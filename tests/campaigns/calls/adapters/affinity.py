"""A tool whose answer shows what its session's state has seen, and where."""

import os
import time
from collections.abc import AsyncIterator

from snakepit_bridge import context, tool

# What tells this process from every other one, also from a later one of the same number.
PROCESS = f"{os.getpid()}-{os.urandom(6).hex()}"


@tool
def remembers(call: int, ms: float) -> list[object]:
    """This process, the session, and the calls that its state has seen, this one last."""
    seen = context.state.setdefault("seen", [])
    seen.append(call)
    time.sleep(ms / 1000)
    return [PROCESS, context.session_id, seen[-40:]]


@tool
async def remembers_in_chunks(call: int, n: int) -> AsyncIterator[list[object]]:
    """The same, in each of several chunks."""
    seen = context.state.setdefault("seen", [])
    seen.append(call)
    for _ in range(n):
        yield [PROCESS, context.session_id, seen[-40:]]
