"""What waits to be sent: the queue of strands that have something to say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue

from snakepit_bridge._peer.strand import Pieces, Strand

MESSAGE_BYTES = 1 << 20

# What small frames may fill of a message while a large value waits for its next part.
_SMALL_BYTES = MESSAGE_BYTES // 4


class Outbox:
    """Makes messages of whatever waits, as soon as the wire asks for one.

    There are no timers: an idle wire blocks in ``messages`` and gets a frame at once; what is added while it is busy
    leaves together. Values that are being cut take turns in a lane of their own, one part per message, so they hold up
    neither each other nor anybody's small frames.
    """

    def __init__(self) -> None:
        self._ready: SimpleQueue[Strand | None] = SimpleQueue()
        self._bulk: deque[Strand] = deque()
        self._closing = False

    def strand(self, call: int, window_items: int = 0) -> Strand:
        """A new way out, for a call or (0) for the connection itself."""
        return Strand(call, self._ready, window_items)

    def close(self) -> None:
        """Ends ``messages`` once everything that waits has been taken."""
        self._ready.put(None)

    def messages(self) -> Iterator[bytes]:
        """The messages to send, in order. Blocks while there is nothing to say. For one thread."""
        while True:
            if not self._bulk and not (self._closing and self._ready.empty()):
                # The wait. Whatever comes is put back in front by taking it first.
                frames, used = self._take(self._ready.get(), MESSAGE_BYTES)
            else:
                frames, used = [], 0
            limit = _SMALL_BYTES if self._bulk else MESSAGE_BYTES
            while used < limit and not self._ready.empty():
                more, size = self._take(self._ready.get(), limit - used)
                frames += more
                used += size
            if self._bulk:
                frames += self._take_part()
            if frames:
                yield b"".join(frames)
            elif self._closing:
                return

    def _take(self, strand: Strand | None, room: int) -> tuple[Pieces, int]:
        if strand is None:
            self._closing = True
            return [], 0
        if strand.cargo is not None:
            strand.scheduled = False  # it is put back when its large value is through
            return [], 0
        frames, used = strand.take(room)
        self._put_back(strand)
        return frames, used

    def _take_part(self) -> Pieces:
        strand = self._bulk.popleft()
        part = strand.take_part()
        self._put_back(strand)
        return part

    def _put_back(self, strand: Strand) -> None:
        if strand.cargo is not None:
            self._bulk.append(strand)
        elif strand.queue and not strand.scheduled:
            strand.scheduled = True
            self._ready.put(strand)
