"""Tools that take their worker with them, until they do not. Each begin is written down."""

import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from snakepit_bridge import tool

LEDGER = Path(os.environ["LEDGER"])


def begin(nonce: int) -> int:
    """Writes down that a call has begun; how often it has by now."""
    with LEDGER.open("a") as file:
        file.write(f"start {nonce} {os.getpid()}\n")
    lines = LEDGER.read_text().splitlines()
    return sum(line.split()[:2] == ["start", str(nonce)] for line in lines)


def die() -> None:
    """Ends this process as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def dies(nonce: int, times: int) -> int:
    """Kill the worker in the first so many runs; then say which run it is."""
    run = begin(nonce)
    if run <= times:
        die()
    return run


@tool
def raises(nonce: int, times: int) -> int:
    """Raise in the first so many runs."""
    run = begin(nonce)
    if run <= times:
        raise ConnectionError(f"run {run}")
    return run


@tool
def streams(nonce: int, times: int, after: int) -> Iterator[int]:
    """Kill the worker in the first so many runs, after so many chunks."""
    run = begin(nonce)
    for number in range(5):
        if number == after and run <= times:
            time.sleep(0.2)  # what was yielded has arrived by then
            die()
        yield number


@tool
async def whoami() -> int:
    """This worker."""
    return os.getpid()


@tool
async def waits(nonce: int) -> AsyncIterator[int]:
    """Begin, and never end."""
    import asyncio

    begin(nonce)
    yield os.getpid()
    await asyncio.Event().wait()
