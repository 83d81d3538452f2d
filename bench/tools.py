"""The tools that the benchmarks call."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import tool

BLOCK = bytes(1024 * 1024)

left_at: int = 0


@tool
def add(a: int, b: int) -> int:
    """Add two numbers: the smallest call there is."""
    return a + b


@tool
def chunks(n: int) -> Iterator[dict[str, object]]:
    """Yield `n` dicts of about 70 bytes each."""
    for epoch in range(n):
        yield {"epoch": epoch, "loss": 0.123456, "accuracy": 0.9876, "phase": "train", "step": epoch * 10}


@tool
def blocks(n: int) -> Iterator[bytes]:
    """Yield `n` blocks of 1 MiB each."""
    for _ in range(n):
        yield BLOCK


@tool
def hold_yielding() -> Iterator[int]:
    """Yield every millisecond until cancelled."""
    global left_at
    try:
        n = 0
        while True:
            yield n
            n += 1
            time.sleep(0.001)
    finally:
        left_at = time.monotonic_ns()


@tool
def hold_sleeping() -> Iterator[str]:
    """Yield once, then sleep until cancelled."""
    global left_at
    try:
        yield "begun"
        time.sleep(60)
    finally:
        left_at = time.monotonic_ns()


@tool
def hold_looping() -> Iterator[str]:
    """Yield once, then loop in Python without a yield until cancelled."""
    global left_at
    try:
        yield "begun"
        while True:
            pass
    finally:
        left_at = time.monotonic_ns()


@tool
def finally_ran_at() -> int:
    """When the last `finally` above ran, in nanoseconds of the system's monotonic clock."""
    return left_at


@tool
async def ticks(n: int) -> AsyncIterator[int]:
    """Yield `n` numbers, with the event loop turning in between."""
    for number in range(n):
        yield number
        await asyncio.sleep(0)
