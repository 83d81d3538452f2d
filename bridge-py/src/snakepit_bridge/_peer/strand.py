"""A strand: what one call has to say, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snakepit_bridge._codec.split import Split
from snakepit_bridge._peer.cargo import WHOLE_BYTES, Cargo
from snakepit_bridge._protocol.frame_codec import Batch
from snakepit_bridge._protocol.frames import ITEMS, Frame

if TYPE_CHECKING:
    from snakepit_bridge._peer.outbox import Outbox

# How much may wait on a strand, beside the items of its window, before what nobody waits for (log lines, progress) is
# dropped. Items of a very large window count from here on.
_CROWD = 1024
_ITEMS_BESIDE = 1 << 16

# What a frame weighs beside its texts and bytes.
_FRAME_BYTES = 64

# Items that weigh less together are joined for their frame: that costs less than a piece for each.
_JOINED = 1 << 16


class Marked:
    """An encoded item that has metadata."""

    __slots__ = ("data", "metadata")

    def __init__(self, data: bytes | Split, metadata: Mapping[str, str]) -> None:
        self.data = data
        self.metadata = metadata


class Strand:
    """The way out of one call. Any thread may add to it; only the sender takes from it.

    The queue holds items as bare ``bytes``, everything else as frames. Items are packed when the sender comes for them,
    so those that wait together leave as one frame, and adding one costs two C calls.
    """

    __slots__ = ("_abandoned", "_outbox", "_room", "call", "cargo", "first", "queue", "scheduled")

    def __init__(self, call: int, outbox: Outbox, window_items: int = 0) -> None:
        self.call = call
        self.queue: deque[Any] = deque()
        # True while the strand waits in the outbox. The sender clears it *before* it empties the queue: an item added
        # in between may schedule the strand once too often, but none is forgotten.
        self.scheduled = False
        self.cargo: Cargo | None = None
        self.first = 0
        self._abandoned = False
        self._room = _CROWD + min(window_items, _ITEMS_BESIDE)
        self._outbox = outbox

    def add(self, entry: Any) -> None:
        """Adds an encoded item (``bytes``, ``Split``, ``Marked``), a frame, or a ``Cargo``."""
        self.queue.append(entry)
        if not self.scheduled:
            self.scheduled = True
            self._outbox.schedule(self)

    def send(self, frame: Frame) -> None:
        """Sends a frame at once where the wire is free for it, else adds it."""
        send_now = self._outbox.send_now
        if send_now is None or self.scheduled or not send_now(self, frame):
            self.add(frame)

    def send_item(self, data: bytes) -> None:
        """The same for an encoded item."""
        send_now = self._outbox.send_now
        if send_now is None or self.scheduled:
            return self.add(data)
        first = self.first
        self.first += 1
        if not send_now(self, (ITEMS, self.call, first, (len(data),), data, None)):
            self.first = first
            self.add(data)
        return None

    @property
    def idle(self) -> bool:
        """True when nothing of this call waits."""
        return not self.scheduled and not self.queue and self.cargo is None

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

    def take(self, batch: Batch, room: int) -> int:
        """Puts frames of about ``room`` bytes into a batch; gives their size. Stops at a value that has to be cut."""
        self.scheduled = False
        items: list[bytes] = []
        marks: list[tuple[int, Mapping[str, str]]] = []
        used = 0
        queue = self.queue
        while queue and used < room and self.cargo is None:
            entry: Any = queue.popleft()
            metadata = None
            if type(entry) is Marked:
                entry, metadata = entry.data, entry.metadata
            if type(entry) is bytes and len(entry) <= WHOLE_BYTES:
                if metadata is not None:
                    marks.append((len(items), metadata))
                items.append(entry)
                used += len(entry)
                continue
            if items:
                self._pack(batch, items, marks)
                items, marks = [], []
            if type(entry) is Split or type(entry) is bytes:
                entry = self._load(entry, metadata)
            used += self._ship(entry, batch)
        if items:
            self._pack(batch, items, marks)
        if self._abandoned:
            self.cargo = None
        return used

    def take_part(self, batch: Batch) -> None:
        """Puts the next frame of the value that is being cut into a batch."""
        cargo = self.cargo
        assert cargo is not None
        if cargo.whole or self._abandoned:
            self.cargo = None
        if cargo.whole:
            cargo.last(batch)
        else:
            cargo.part(batch)

    def _ship(self, entry: Frame | Cargo, batch: Batch) -> int:
        """Adds a frame or a value to what is sent now; a value that has to be cut stays for ``take_part``."""
        if not isinstance(entry, Cargo):
            batch.add(entry)
            return _FRAME_BYTES + _weight(entry)
        if entry.whole:
            return entry.last(batch)
        self.cargo = entry
        return 0

    def _load(self, item: bytes | Split, metadata: Mapping[str, str] | None) -> Cargo:
        first, size = self.first, len(item)
        self.first += 1
        marks = None if metadata is None else [(0, metadata)]
        # `sizes` cuts the body as it is once the parts are joined to it.
        return Cargo(self.call, item, (ITEMS, self.call, first, [size], None, marks))

    def _pack(self, batch: Batch, items: list[bytes], marks: list[tuple[int, Mapping[str, str]]]) -> None:
        sizes = list(map(len, items))
        first = self.first
        self.first += len(items)
        if sum(sizes) <= _JOINED:
            batch.add((ITEMS, self.call, first, sizes, b"".join(items), marks or None))
        else:
            batch.add_around((ITEMS, self.call, first, sizes, None, marks or None), items)


def _weight(field: Any) -> int:
    """About how many bytes the fields of a frame take: a message must not outgrow what its reader accepts."""
    kind = type(field)
    if kind is bytes or kind is str:
        return len(field)
    if kind is tuple or kind is list:
        return sum(map(_weight, field))
    if kind is dict:
        return sum(map(_weight, field.items()))
    return 0
