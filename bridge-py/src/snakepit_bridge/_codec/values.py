"""Values to bytes and back."""

from __future__ import annotations

from typing import Any

import msgspec

from snakepit_bridge._codec import extensions, faults
from snakepit_bridge._codec.conversion import convert
from snakepit_bridge.errors import UndecodableValue, ValueTooLarge

MAX_VALUE_BYTES = 1 << 30

_encode = msgspec.msgpack.Encoder(enc_hook=convert).encode
_decode = msgspec.msgpack.Decoder(ext_hook=extensions.read).decode


def encode(value: Any) -> bytes:
    """The bytes of a value.

    Raises ``UnserializableValue`` with the place inside the value, ``ValueTooLarge`` above 1 GiB.
    """
    try:
        data = _encode(value)
    except Exception as error:
        # Big integers and memoryviews with gaps are legal but rare, and so is every failure: only then the value is
        # walked.
        data = _encode_with_care(value, error)
    check_size(len(data))
    return data


def check_size(size: int) -> None:
    """Raises ``ValueTooLarge`` above 1 GiB."""
    if size > MAX_VALUE_BYTES:
        raise ValueTooLarge(f"a value of {size} bytes is above the limit of {MAX_VALUE_BYTES}")


def decode(data: bytes) -> Any:
    """The value of some bytes. Raises ``UndecodableValue``."""
    try:
        return _decode(data)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise UndecodableValue(f"these {len(data)} bytes are no MessagePack value: {error}") from error


def _encode_with_care(value: Any, error: Exception) -> bytes:
    if isinstance(error, (OverflowError, BufferError)):
        value = faults.mend(value, _encode)
        try:
            return _encode(value)
        except Exception as second:
            error = second
    raise faults.explain(value, error, _encode) from error
