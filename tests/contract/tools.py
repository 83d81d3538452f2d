"""The contract's tools in Python; subject.ts lists them."""

import time
from collections.abc import Iterator
from typing import Any

from snakepit_bridge import StreamChunk, context, tool

_facts = {"produced": 0, "left": 0}


def _tracked(items: Any) -> Iterator[Any]:
    """Yields the items, counting them, and notes when it is left."""
    _facts.update(produced=0, left=0)
    try:
        for item in items:
            _facts["produced"] += 1
            yield item
    finally:
        _facts["left"] = 1


@tool
def echo(value: Any = None) -> Any:
    """Returns what it is given."""
    return value


@tool
def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


@tool
def refuse(message: str) -> None:
    """Raises."""
    raise ValueError(message)


@tool
def waits() -> None:
    """Never returns."""
    while True:
        time.sleep(60)


@tool
def count(n: int) -> Iterator[dict[str, int]]:
    """Counts up from 0."""
    yield from _tracked({"n": index} for index in range(n))


@tool
def values(items: list[Any]) -> Iterator[Any]:
    """Yields what it is given."""
    yield from _tracked(items)


@tool
def returns(n: int) -> Iterator[int]:
    """Yields numbers, then returns their count."""
    yield from _tracked(range(n))
    return {"total": n}


@tool
def fail(after: int, message: str) -> Iterator[int]:
    """Yields numbers, then raises."""
    yield from _tracked(range(after))
    raise ValueError(message)


@tool
def silent() -> Iterator[str]:
    """Yields once, then says nothing for ever."""

    def items() -> Iterator[str]:
        yield "here"
        while True:
            time.sleep(60)

    yield from _tracked(items())


@tool
def blobs(n: int, size: int) -> Iterator[bytes]:
    """Yields bytes."""
    yield from _tracked(bytes([index % 256]) * size for index in range(n))


@tool
def steps(n: int) -> Iterator[int]:
    """Reports progress before each item."""
    for step in range(n):
        context.progress(step=step)
        yield step


@tool
def marked(n: int) -> Iterator[Any]:
    """Marks its final chunk."""
    yield from range(n)
    yield StreamChunk("done", is_final=True, metadata={"kind": "last"})
    yield "never sent"


@tool
def facts() -> dict[str, int]:
    """What the latest stream did."""
    return dict(_facts)
