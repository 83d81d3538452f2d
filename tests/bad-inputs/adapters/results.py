"""Tools whose results, chunks and exceptions are nothing that anybody asked for."""

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

from snakepit_bridge import tool


@tool
def whoami() -> int:
    """The process that runs this."""
    return os.getpid()


class Mute(Exception):
    """Cannot be turned into text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    def __repr__(self) -> str:
        raise RuntimeError("no words at all")


class Opaque:
    """Nothing that could travel."""


class Pretender:
    """Converts into itself."""

    def to_dict(self) -> "Pretender":
        """Converts into itself."""
        return self


def _ring() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def _deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@tool
def gives(what: str) -> Any:
    """Returns what cannot travel."""
    return {
        "an object": lambda: {"rows": [Opaque()]},
        "itself": Pretender,
        "a ring": _ring,
        "a deep list": lambda: _deep(10_000),
        "a file": lambda: open(os.devnull),  # noqa: SIM115
        "a lock": lambda: __import__("threading").Lock(),
        "a class": lambda: Opaque,
        "a generator": lambda: (n for n in range(3)),
        "a coroutine function": lambda: _never,
        "an odd key": lambda: {(1, 2): 3},
    }[what]()


async def _never() -> None:
    """Is not called."""


class Own(BaseException):
    """Beside `Exception`."""


def _recurse_a() -> None:
    _recurse_b()


def _recurse_b() -> None:
    _recurse_a()


@tool
def leaves_by(way: str) -> None:
    """Raises what tools do not raise."""
    if way == "RecursionError":
        _recurse_a()
    raise {
        "SystemExit": lambda: SystemExit(0),
        "KeyboardInterrupt": lambda: KeyboardInterrupt(),
        "StopIteration": lambda: StopIteration(5),
        "StopAsyncIteration": lambda: StopAsyncIteration(),
        "GeneratorExit": lambda: GeneratorExit(),
        "MemoryError": lambda: MemoryError(),
        "Own": lambda: Own("mine"),
        "Mute": lambda: Mute(),
        "ten megabytes": lambda: ValueError("x" * 10_000_000),
        "a thousand notes": lambda: _noted(),
        "a long chain": lambda: _chained(),
    }[way]()


@tool
async def leaves_the_loop_by(way: str) -> None:
    """The same, on the event loop."""
    leaves_by(way)


@tool
def stream_leaves_by(way: str) -> Iterator[int]:
    """The same, after a chunk."""
    yield 1
    leaves_by(way)


@tool
async def loop_stream_leaves_by(way: str) -> AsyncIterator[int]:
    """The same, after a chunk, on the event loop."""
    yield 1
    leaves_by(way)


def _noted() -> ValueError:
    error = ValueError("noted")
    error.__notes__ = ["n" * 1000] * 1000
    return error


def _chained() -> ValueError:
    error = ValueError("0")
    for n in range(1, 5000):
        following = ValueError(str(n))
        following.__cause__ = error
        error = following
    return error


@tool
def never_stops() -> Iterator[int]:
    """Yields on after it was closed."""
    n = 0
    while True:
        try:
            yield n
        except GeneratorExit:
            pass
        n += 1


@tool
def empty_items(n: int) -> Iterator[Any]:
    """Yields many times nothing."""
    for i in range(n):
        yield (b"", "", [], {}, None)[i % 5]


@tool
def large_item(size: int) -> Iterator[bytes]:
    """Yields one block."""
    yield bytes(size)


@tool
def raises_in_finally() -> Iterator[int]:
    """Yields, and raises when it is left."""
    try:
        while True:
            yield 1
    finally:
        raise ValueError("in finally")


@tool
def yields_in_finally() -> Iterator[int]:
    """Yields, and yields again when it is done."""
    try:
        yield 1
    finally:
        yield 2


class _OnlyNext:
    def __init__(self) -> None:
        self._left = 3

    def __next__(self) -> int:
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return self._left


@tool(supports_streaming=True)
def only_next() -> Any:
    """Returns an iterator that cannot be iterated."""
    return _OnlyNext()


class _Fake:
    """Has what a chunk has, and is none."""

    is_final = True
    data = 5
    metadata = "none"


@tool
def fake_chunk() -> Iterator[Any]:
    """Yields what looks like a chunk."""
    yield _Fake()


@tool
def large_metadata(size: int) -> Iterator[Any]:
    """Ends with metadata."""
    from snakepit_bridge import StreamChunk

    yield StreamChunk(1, is_final=True, metadata={"m": "x" * size})


@tool
def large_progress(size: int) -> None:
    """Reports much."""
    from snakepit_bridge import context

    context.progress(0.5, text="x" * size)
