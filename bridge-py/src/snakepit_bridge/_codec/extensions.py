"""The extension types: integers of any size, and arrays."""

from __future__ import annotations

from msgspec.msgpack import Ext

from snakepit_bridge._codec import arrays
from snakepit_bridge.errors import UndecodableValue

BIG_INTEGER = 0x42


def write_integer(value: int) -> Ext:
    """An integer of any size as big-endian two's complement."""
    # One bit more than the magnitude, for the sign.
    return Ext(BIG_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def read(code: int, content: memoryview) -> object:
    """The value of an extension's content."""
    if code == BIG_INTEGER:
        return int.from_bytes(content, "big", signed=True)
    if code == arrays.EXTENSION:
        return arrays.read(content)
    raise UndecodableValue(f"extension type {code} is not known here")
