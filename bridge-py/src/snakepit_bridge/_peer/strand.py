"""A strand: what one call has to say, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any

from snakepit_bridge._codec.split import Split
from snakepit_bridge._peer import framing
from snakepit_bridge._peer.cargo import WHOLE_BYTES, Cargo

# How much may wait on a strand, beside the items of its window, before what nobody waits for (log lines, progress) is
# dropped. Items of a very large window count from here on.
_CROWD = 1024
_ITEMS_BESIDE = 1 << 16

# What becomes of a message by one join.
Pieces = list[bytes | memoryview]


class Strand:
    """The way out of one call. Any thread may add to it; only the sender takes from it.

    The queue holds items as bare ``bytes`` (with metadata: as pairs), everything else as frames. Items are packed when
    the sender comes for them, so those that wait together leave as one frame, and adding one costs two C calls.
    """

    __slots__ = ("_abandoned", "_ready", "_room", "call", "cargo", "first", "queue", "scheduled")

    def __init__(self, call: int, ready: SimpleQueue[Strand | None], window_items: int = 0) -> None:
        self.call = call
        self.queue: deque[Any] = deque()
        # True while the strand waits in the outbox. The sender clears it *before* it empties the queue: an item added
        # in between may schedule the strand once too often, but none is forgotten.
        self.scheduled = False
        self.cargo: Cargo | None = None
        self.first = 0
        self._abandoned = False
        self._room = _CROWD + min(window_items, _ITEMS_BESIDE)
        self._ready = ready

    def add(self, entry: Any) -> None:
        """Adds an encoded item (``bytes``, ``Split``, or a pair of it and its metadata), a frame, or a ``Cargo``."""
        self.queue.append(entry)
        if not self.scheduled:
            self.scheduled = True
            self._ready.put(self)

    def add_if_room(self, frame: Any) -> bool:
        """Adds a frame that may be lost. False when too much waits already."""
        if len(self.queue) > self._room:
            return False
        self.add(frame)
        return True

    def abandon(self) -> None:
        """Forgets the values that wait: their reader drops them anyway."""
        self._abandoned = True
        # An interrupt may have come between the mark and the queue: what is added next goes there in any case.
        self.scheduled = False

    def take(self, room: int) -> tuple[Pieces, int]:
        """Frames of about ``room`` bytes, in pieces, and their size. Stops at a value that has to be cut."""
        self.scheduled = False
        frames: Pieces = []
        items: list[bytes] = []
        marks: dict[int, Mapping[str, str]] = {}
        used = 0
        queue = self.queue
        while queue and used < room and self.cargo is None:
            entry = queue.popleft()
            if type(entry) is tuple:
                entry, marks[len(items)] = entry
            if type(entry) is bytes and len(entry) <= WHOLE_BYTES:
                items.append(entry)
                used += len(entry)
                continue
            metadata = marks.pop(len(items), None)
            if items:
                frames += self._pack(items, marks)
                items, marks = [], {}
            if type(entry) is Split or type(entry) is bytes:
                entry = self._load(entry, metadata)
            used += self._ship(entry, frames)
        if items:
            frames += self._pack(items, marks)
        if self._abandoned:
            self.cargo = None
        return frames, used

    def take_part(self) -> Pieces:
        """The next frame of the value that is being cut, in pieces."""
        cargo = self.cargo
        assert cargo is not None
        if cargo.whole or self._abandoned:
            self.cargo = None
        return cargo.last() if cargo.whole else cargo.part()

    def _ship(self, entry: Any, frames: Pieces) -> int:
        """Adds a frame or a value to what is sent now; a value that has to be cut stays for ``take_part``."""
        if type(entry) is not Cargo:
            pieces: Pieces = framing.whole(entry)
        elif entry.whole:
            pieces = entry.last()
        else:
            self.cargo = entry
            return 0
        frames += pieces
        return sum(map(len, pieces))

    def _load(self, item: bytes | Split, metadata: Mapping[str, str] | None) -> Cargo:
        first, size = self.first, len(item)
        self.first += 1
        marks = {0: metadata} if metadata else {}
        # `sizes` cuts the body as it is once the parts are joined to it.
        return Cargo(self.call, item, lambda rest: framing.items(self.call, first, [size], rest, marks))

    def _pack(self, items: list[bytes], marks: Mapping[int, Mapping[str, str]]) -> Pieces:
        sizes = list(map(len, items))
        front = framing.items(self.call, self.first, sizes, sum(sizes), marks)
        self.first += len(items)
        return [front, *items]
