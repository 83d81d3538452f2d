"""Tools that write down when they begin, against the time by which they should have ended."""

import os
import time
from collections.abc import Iterator

from snakepit_bridge import tool

_fd = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND)


def _begun(call: int, deadline: float) -> None:
    late = time.monotonic() * 1000 - deadline
    os.write(_fd, f"{call} {late}\n".encode())


def _works(seconds: float) -> None:
    """Blocks; says so when the machine made much more of it."""
    began = time.monotonic()
    time.sleep(seconds)
    stall = time.monotonic() - began - seconds
    if stall > 0.005:
        os.write(_fd, f"stall {stall * 1000}\n".encode())


@tool
def clock() -> float:
    """Milliseconds of the system's monotonic clock."""
    return time.monotonic() * 1000


@tool
def works(call: int, deadline: float, seconds: float) -> int:
    """Blocks for a while."""
    _begun(call, deadline)
    _works(seconds)
    return call


@tool
async def works_later(call: int, deadline: float, seconds: float) -> int:
    """Keeps the event loop for a while."""
    _begun(call, deadline)
    _works(seconds)
    return call


@tool
def streams(call: int, deadline: float, seconds: float) -> Iterator[int]:
    """Blocks between two chunks."""
    _begun(call, deadline)
    yield call
    _works(seconds)
    yield call
