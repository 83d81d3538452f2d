"""A value on its way out, in one frame or in several."""

from __future__ import annotations

from snakepit_bridge._codec.split import Split
from snakepit_bridge._protocol.frame_codec import Batch, Pieces
from snakepit_bridge._protocol.frames import PART, VALUE_AT, Frame

PART_BYTES = 1 << 20

# A value is cut only above this: a block of 1 MiB with its few bytes of encoding is no reason for a second frame.
WHOLE_BYTES = PART_BYTES + (1 << 16)

# A value up to this is copied into its frame: that costs less than a piece of its own.
_COPIED = 4096


class Cargo:
    """A value and the frame that ends it, which has ``None`` in the value's place.

    When the value is large, ``Part`` frames carry its front.
    """

    __slots__ = ("_call", "_frame", "_left", "_pieces")

    def __init__(self, call: int, value: bytes | Split, frame: Frame) -> None:
        self._call = call
        self._frame = frame
        self._pieces: Pieces = [value] if isinstance(value, bytes) else [value.front, value.rest]
        self._left = len(value)

    @property
    def whole(self) -> bool:
        """True when one more frame takes all that is left."""
        return self._left <= WHOLE_BYTES

    def last(self, batch: Batch) -> int:
        """Adds the frame that ends the value, and gives its size. Only when ``whole``."""
        frame = self._frame
        if self._left > _COPIED:
            batch.add_around(frame, self._pieces)
        else:
            at = VALUE_AT[frame[0]]
            batch.add((*frame[:at], b"".join(self._pieces), *frame[at + 1 :]))
        return self._left

    def part(self, batch: Batch) -> None:
        """Adds the next ``Part``. Only when not ``whole``."""
        self._left -= PART_BYTES
        batch.add_around((PART, self._call, None), self._cut(PART_BYTES))

    def _cut(self, size: int) -> Pieces:
        """Takes ``size`` bytes from the front of the pieces, as views: nothing is copied."""
        taken: Pieces = []
        while size:
            piece = memoryview(self._pieces.pop(0))
            taken.append(piece[:size])
            if len(piece) > size:
                self._pieces.insert(0, piece[size:])
            size -= len(taken[-1])
        return taken
