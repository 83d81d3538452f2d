"""What waits to be sent: the queue of strands that have something to say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.frame_codec import Batch, FrameCodec, Pieces
from snakepit_bridge._protocol.frames import Frame

MESSAGE_BYTES = 1 << 20

_NO_GUARD: AbstractContextManager[Any] = nullcontext()

# What small frames may fill of a message while a large value waits for its next part.
_SMALL_BYTES = MESSAGE_BYTES // 4


class SendNow(Protocol):
    """A wire that may be written to by whoever has something to say."""

    def __call__(self, strand: Strand, frame: Frame) -> bool:
        """Sends a frame past the outbox, if nothing is before it; False when it has to wait there."""


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
        self._stirred = Strand(0, self)
        # None where only the thread that asks for messages may write.
        self.send_now: SendNow | None = None

    def strand(self, call: int, window_items: int = 0) -> Strand:
        """A new way out, for a call or (0) for the connection itself."""
        return Strand(call, self, window_items)

    def schedule(self, strand: Strand) -> None:
        """A strand has something to say."""
        self._ready.put(strand)

    def stir(self) -> None:
        """Has ``messages`` give an empty message: its reader has something of its own to send."""
        self._ready.put(self._stirred)

    def close(self) -> None:
        """Ends ``messages`` once everything that waits has been taken."""
        self._ready.put(None)

    def messages(self, codec: FrameCodec, guard: AbstractContextManager[Any] = _NO_GUARD) -> Iterator[Pieces]:
        """The messages to send, in pieces and in order. Blocks while there is nothing to say. For one thread.

        ``guard`` is held from the moment that frames are taken until the next message is asked for.
        """
        while True:
            waits = not self._bulk and not (self._closing and self._ready.empty())
            # The wait. Whatever comes is put back in front by taking it first.
            first = self._ready.get() if waits else self._stirred
            with guard:
                batch = codec.batch()
                self._fill(batch, self._take(first, batch, MESSAGE_BYTES))
                if not batch.empty:
                    yield batch.message()
                elif self._closing:
                    return
                elif first is self._stirred:
                    yield []

    @property
    def waits(self) -> bool:
        """True when something is to be sent."""
        return not self._ready.empty()

    def take(self, codec: FrameCodec) -> Pieces:
        """One message of what waits, empty when nothing does. Its caller holds the guard of ``messages``."""
        batch = codec.batch()
        self._fill(batch, 0)
        return [] if batch.empty else batch.message()

    def _fill(self, batch: Batch, used: int) -> None:
        limit = _SMALL_BYTES if self._bulk else MESSAGE_BYTES
        while used < limit:
            try:
                strand = self._ready.get_nowait()
            except Empty:
                break
            used += self._take(strand, batch, limit - used)
        if self._bulk:
            self._take_part(batch)

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
