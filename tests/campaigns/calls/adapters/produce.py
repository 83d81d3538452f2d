"""Producers that never end, and the count of what each has yielded."""

from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import tool

_yields: dict[str, int] = {}


@tool
async def yields() -> dict[str, int]:
    """What every producer has yielded so far."""
    return dict(_yields)


@tool
def produce(name: str, size: int) -> Iterator[list[object]]:
    """Numbered chunks of a size, whose bytes are really there."""
    for number in range(1 << 30):
        _yields[name] = number + 1
        yield [number, b"x" * size]


@tool
async def produce_later(name: str, size: int) -> AsyncIterator[list[object]]:
    """The same on the event loop."""
    for number in range(1 << 30):
        _yields[name] = number + 1
        yield [number, b"x" * size]


@tool
def echo(nonce: int) -> int:
    """At once."""
    return nonce


@tool
async def echo_later(nonce: int) -> int:
    """From the event loop."""
    return nonce
