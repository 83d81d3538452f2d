"""A value on its way out, in one frame or in several."""

from __future__ import annotations

from snakepit_bridge._codec.split import Split
from snakepit_bridge._peer import framing

PART_BYTES = 1 << 20

# A value is cut only above this: a block of 1 MiB with its few bytes of encoding is no reason for a second frame.
WHOLE_BYTES = PART_BYTES + (1 << 16)


class Cargo:
    """A value and the frame that ends it. When it is large, ``Part`` frames carry its front.

    ``opening`` makes what stands before the value in its own frame, given how many bytes are left for that one.
    """

    __slots__ = ("_call", "_left", "_opening", "_pieces")

    def __init__(self, call: int, value: bytes | Split, opening: framing.Opening) -> None:
        self._call = call
        self._opening = opening
        self._pieces: list[bytes | memoryview] = [value] if isinstance(value, bytes) else [value.front, value.rest]
        self._left = len(value)

    @property
    def whole(self) -> bool:
        """True when one more frame takes all that is left."""
        return self._left <= WHOLE_BYTES

    def last(self) -> list[bytes | memoryview]:
        """The frame that ends the value, in pieces. Only when ``whole``."""
        return [self._opening(self._left), *self._pieces]

    def part(self) -> list[bytes | memoryview]:
        """The next ``Part``, in pieces. Only when not ``whole``."""
        self._left -= PART_BYTES
        return [framing.part(self._call, PART_BYTES), *self._cut(PART_BYTES)]

    def _cut(self, size: int) -> list[bytes | memoryview]:
        """Takes ``size`` bytes from the front of the pieces, as views: nothing is copied."""
        taken: list[bytes | memoryview] = []
        while size:
            piece = memoryview(self._pieces.pop(0))
            taken.append(piece[:size])
            if len(piece) > size:
                self._pieces.insert(0, piece[size:])
            size -= len(taken[-1])
        return taken
