"""Tools that stream. What they did on the Python side can be asked for: `ledger`."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any

from snakepit_bridge import StreamChunk, context, tool

_gates: dict[str, threading.Event] = defaultdict(threading.Event)
_books: dict[str, dict[str, Any]] = defaultdict(lambda: {"starts": 0, "yields": 0, "ends": []})


@tool
async def ledger(name: str) -> dict:
    """What happened under a name: how often it began, how many it has yielded, how it ended."""
    return _books[name]


@tool
async def open_gate(name: str) -> None:
    """Lets whoever waits at a gate go on."""
    _gates[name].set()


@tool
def count(n: int, name: str = "") -> Iterator[dict]:
    """Counts, and keeps a book of it."""
    book = _books[name]
    book["starts"] += 1
    try:
        for index in range(n):
            book["yields"] += 1
            yield {"n": index}
        book["ends"].append("complete")
    except GeneratorExit:
        book["ends"].append("closed")
        raise
    return n


@tool
async def count_async(n: int, name: str = "") -> AsyncIterator[dict]:
    """Counts on the event loop."""
    book = _books[name]
    book["starts"] += 1
    try:
        for index in range(n):
            book["yields"] += 1
            yield {"n": index}
    finally:
        book["ends"].append("finally")


@tool
def gated(gate: str) -> Iterator[str]:
    """The second chunk is computed when the gate opens."""
    yield "first"
    _gates[gate].wait()
    yield "second"


@tool
async def gated_async(gate: str) -> AsyncIterator[str]:
    """The same on the event loop."""
    yield "first"
    while not _gates[gate].is_set():
        await asyncio.sleep(0.001)
    yield "second"


@tool
async def silent(name: str) -> AsyncIterator[str]:
    """Yields nothing until it is cancelled."""
    _books[name]["starts"] += 1
    try:
        await asyncio.Event().wait()
        yield "never"
    finally:
        _books[name]["ends"].append("finally")


@tool
def blobs(n: int, size: int, name: str = "") -> Iterator[bytes]:
    """Chunks of a size."""
    block = bytes(size)
    for _ in range(n):
        _books[name]["yields"] += 1
        yield block


@tool
def marked() -> Iterator[Any]:
    """Metadata of its own, and a final chunk of its own."""
    yield StreamChunk({"a": 1}, metadata={"k": 1})
    yield StreamChunk({"b": 2}, is_final=True, metadata={"last": True})
    yield {"never": True}


@tool
def marked_dict() -> Iterator[dict]:
    """Marks its final chunk in a dict."""
    yield {"a": 1, "is_final": False}
    yield {"b": 2, "is_final": True}
    yield {"never": True}


@tool(supports_streaming=True)
def mapped(n: int):
    """Returns an iterator."""
    return map(str, range(n))


@tool
def nothing() -> Iterator[None]:
    """No chunk at all."""
    return
    yield


@tool
def raises_after(n: int) -> Iterator[int]:
    """Raises in mid-stream."""
    yield from range(n)
    raise LookupError("the well is dry")


@tool
def raises_on_close() -> Iterator[int]:
    """Raises on its way out."""
    try:
        yield from range(1 << 30)
    finally:
        raise OSError("the file was gone")


@tool
def unencodable(n: int) -> Iterator[Any]:
    """A chunk in the middle holds what no format can."""
    yield from range(n)
    cyclic: list = []
    cyclic.append(cyclic)
    yield cyclic


@tool
def plain() -> int:
    """Does not stream."""
    return 1


@tool
def fails_until(name: str, times: int) -> Iterator[int]:
    """Fails the first few times."""
    book = _books[name]
    book["starts"] += 1
    yield book["starts"]
    if book["starts"] <= times:
        raise ConnectionError("not yet")


@tool
async def ticking(n: int, pause: float) -> AsyncIterator[float | None]:
    """The time that is left, again and again."""
    for _ in range(n):
        await asyncio.sleep(pause)
        yield context.time_left


@tool
async def progressing(n: int, pause: float) -> AsyncIterator[str]:
    """Says nothing but how far it is."""
    for index in range(n):
        await asyncio.sleep(pause)
        context.progress(index)
    yield "done"
