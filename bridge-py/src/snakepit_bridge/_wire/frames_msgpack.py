"""Frames as MessagePack arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from snakepit_bridge._protocol.frame_codec import Pieces
from snakepit_bridge._protocol.frames import VALUE_AT, Frame
from snakepit_bridge.errors import ProtocolError

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[list[Any]]).decode


class MsgpackBatch:
    """Small frames are encoded together, in one go; a large value stands between them as a piece of its own."""

    __slots__ = ("_count", "_frames", "_pieces")

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._pieces: Pieces = []
        self._count = 0

    @property
    def empty(self) -> bool:
        """True while nothing was added."""
        return not self._frames and not self._count

    def add(self, frame: Frame) -> None:
        """Adds a frame that holds everything."""
        self._frames.append(frame)

    def add_around(self, frame: Frame, value: Sequence[bytes | memoryview]) -> None:
        """Adds a frame around a large value."""
        self._flush()
        at = VALUE_AT[frame[0]]
        before = bytes([0x90 | len(frame)]) + b"".join(map(_encode, frame[:at]))
        size = sum(map(len, value))
        self._pieces += [before + b"\xc6" + size.to_bytes(4, "big"), *value]
        self._pieces.append(b"".join(map(_encode, frame[at + 1 :])))
        self._count += 1

    def message(self) -> Pieces:
        """The message, in pieces."""
        if not self._count:
            return [_encode(self._frames)]
        self._flush()
        return [b"\xdd" + self._count.to_bytes(4, "big"), *self._pieces]

    def _flush(self) -> None:
        if self._frames:
            self._pieces += map(_encode, self._frames)
            self._count += len(self._frames)
            self._frames = []


class MsgpackFrames:
    """The codec."""

    name = "msgpack"

    def batch(self) -> MsgpackBatch:
        """A new batch."""
        return MsgpackBatch()

    def read(self, message: bytes) -> list[list[Any]]:
        """The frames of a message. Raises ``ProtocolError``."""
        try:
            return _decode(message)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ProtocolError(f"a message of {len(message)} bytes holds no frames: {error}") from error
