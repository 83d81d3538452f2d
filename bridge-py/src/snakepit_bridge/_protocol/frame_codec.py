"""What a wire needs of a frame codec: frames to the pieces of a message, and a message to frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from snakepit_bridge._protocol.frames import Frame

# What becomes of a message by one join, or by one vectored write.
Pieces = list[bytes | memoryview]


class Batch(Protocol):
    """Frames that leave together, in one message."""

    @property
    def empty(self) -> bool:
        """True while nothing was added."""

    def add(self, frame: Frame) -> None:
        """Adds a frame that holds everything."""

    def add_around(self, frame: Frame, value: Sequence[bytes | memoryview]) -> None:
        """Adds a frame around a large value, which is given in pieces and not copied: the frame has ``None`` there."""

    def message(self) -> Pieces:
        """The message, in pieces."""


class FrameCodec(Protocol):
    """One way to write frames."""

    def batch(self) -> Batch:
        """A new batch."""

    def read(self, message: bytes) -> Iterable[Frame]:
        """The frames of a message. Raises ``ProtocolError`` for what is none."""
