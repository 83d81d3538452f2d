"""Tools whose results a program does things to: bytes, arrays, marked final chunks, progress."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy
from snakepit_bridge import StreamChunk, context, tool

_ends: dict[str, list[str]] = defaultdict(list)


@tool
async def ends(name: str) -> list[str]:
    """How the calls of a name ended."""
    return _ends[name]


def _block(index: int, size: int) -> bytes:
    return bytes([index % 251]) * size


@tool
def frames(n: int, size: int, name: str = "") -> Iterator[bytes]:
    """Byte strings, each of its own byte."""
    try:
        for index in range(n):
            yield _block(index, size)
    finally:
        _ends[name].append("left")


@tool
def mixed(n: int, size: int) -> Iterator[Any]:
    """Bytes and arrays in values."""
    for index in range(n):
        block = _block(index, size)
        array = numpy.full((size,), index % 251, dtype="uint8")
        yield {"bytes": block, "list": [block, array], "floats": numpy.full((3, size), index, dtype="float64")}


@tool
def block(size: int) -> bytes:
    """One byte string."""
    return _block(7, size)


@tool
def matrix(rows: int, columns: int) -> Any:
    """One array."""
    return numpy.arange(rows * columns, dtype="float32").reshape(rows, columns)


@tool
async def reports(n: int, size: int, name: str = "") -> int:
    """Reports byte strings as progress, and waits where it is told to."""
    try:
        for index in range(n):
            context.progress(_block(index, size))
            await asyncio.sleep(0)
        if name:
            await asyncio.Event().wait()
        return n
    finally:
        _ends[name].append("left")


@tool
def trains(n: int) -> Iterator[dict]:
    """Yields epochs and returns the best."""
    for index in range(n):
        yield {"epoch": index, "loss": 1 / (index + 1)}
    return {"best": n - 1}


@tool
def marks(metadata: dict) -> Iterator[Any]:
    """Marks its own final chunk, with metadata of its own."""
    yield StreamChunk({"n": 0}, metadata=metadata)
    yield StreamChunk({"n": 1}, is_final=True, metadata=metadata)


@tool
async def endless(name: str) -> AsyncIterator[int]:
    """Counts until it is left."""
    index = 0
    try:
        while True:
            yield index
            index += 1
    finally:
        _ends[name].append("left")
