"""Large ``bytes``, encoded without a copy of them."""

from __future__ import annotations

from typing import Any

from snakepit_bridge._codec.values import check_size, encode

# Below this a copy costs less than two pieces do.
_WORTH_IT = 32 * 1024

_BIN32 = b"\xc6"


class Split:
    """An encoded value in two pieces, one after the other: a front of a few bytes, and the value's own bytes."""

    __slots__ = ("front", "rest")

    def __init__(self, front: bytes, rest: bytes) -> None:
        self.front = front
        self.rest = rest

    def __len__(self) -> int:
        return len(self.front) + len(self.rest)


def encode_split(value: Any) -> bytes | Split:
    """The bytes of a value, like ``encode``. A large ``bytes`` stays where it is: it cannot change until it is sent."""
    if type(value) is bytes and len(value) >= _WORTH_IT:
        size = len(value)
        check_size(size)
        return Split(_BIN32 + size.to_bytes(4, "big"), value)
    return encode(value)
