"""What waits to be sent: the queue of strands that have something to say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue

from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.frame_codec import Batch, FrameCodec, Pieces

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

    def messages(self, codec: FrameCodec) -> Iterator[Pieces]:
        """The messages to send, in pieces and in order. Blocks while there is nothing to say. For one thread."""
        while True:
            batch = codec.batch()
            if not self._bulk and not (self._closing and self._ready.empty()):
                # The wait. Whatever comes is put back in front by taking it first.
                used = self._take(self._ready.get(), batch, MESSAGE_BYTES)
            else:
                used = 0
            limit = _SMALL_BYTES if self._bulk else MESSAGE_BYTES
            while used < limit and not self._ready.empty():
                used += self._take(self._ready.get(), batch, limit - used)
            if self._bulk:
                self._take_part(batch)
            if not batch.empty:
                yield batch.message()
            elif self._closing:
                return

    def _take(self, strand: Strand | None, batch: Batch, room: int) -> int:
        if strand is None:
            self._closing = True
            return 0
        if strand.cargo is not None:
            strand.scheduled = False  # it is put back when its large value is through
            return 0
        used = strand.take(batch, room)
        self._put_back(strand)
        return used

    def _take_part(self, batch: Batch) -> None:
        strand = self._bulk.popleft()
        strand.take_part(batch)
        self._put_back(strand)

    def _put_back(self, strand: Strand) -> None:
        if strand.cargo is not None:
            self._bulk.append(strand)
        elif strand.queue and not strand.scheduled:
            strand.scheduled = True
            self._ready.put(strand)
