"""Frames as JSON arrays, for a Python that has nothing but its standard library.

Encoded values are JSON texts in ASCII on this codec: a frame carries them as strings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from snakepit_bridge._protocol.frame_codec import Pieces
from snakepit_bridge._protocol.frames import END, OK, VALUE_AT, Frame
from snakepit_bridge.errors import ProtocolError

_dumps = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=bytes.decode).encode


class JsonBatch:
    """Frames that leave together."""

    __slots__ = ("_frames",)

    def __init__(self) -> None:
        self._frames: list[Frame] = []

    @property
    def empty(self) -> bool:
        """True while nothing was added."""
        return not self._frames

    def add(self, frame: Frame) -> None:
        """Adds a frame that holds everything."""
        self._frames.append(frame)

    def add_around(self, frame: Frame, value: Sequence[bytes | memoryview]) -> None:
        """Adds a frame around a large value."""
        at = VALUE_AT[frame[0]]
        self._frames.append([*frame[:at], b"".join(value), *frame[at + 1 :]])

    def message(self) -> Pieces:
        """The message, in pieces."""
        return [_dumps(self._frames).encode()]


class JsonFrames:
    """The codec."""

    name = "json"

    def batch(self) -> JsonBatch:
        """A new batch."""
        return JsonBatch()

    def read(self, message: bytes) -> list[list[Any]]:
        """The frames of a message. Raises ``ProtocolError``."""
        try:
            frames = json.loads(message)
            if not isinstance(frames, list):
                raise ValueError(f"expected an array of frames, got {type(frames).__name__}")
            for frame in frames:
                at = VALUE_AT.get(frame[0])
                if at is not None and (frame[0] != END or frame[2] == OK):
                    frame[at] = frame[at].encode("ascii")
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            raise ProtocolError(f"a message of {len(message)} bytes holds no frames: {error}") from error
        return frames
