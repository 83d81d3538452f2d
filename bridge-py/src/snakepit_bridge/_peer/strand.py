"""A strand: what one call has to say, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any

from snakepit_bridge._protocol.messages import Frame

PART_BYTES = 1 << 20

# How much may wait on a strand, beside the items of its window, before what nobody waits for (log lines, progress) is
# dropped. Items of a very large window count from here on.
_CROWD = 1024
_ITEMS_BESIDE = 1 << 16


class Cargo:
    """A value too large for one frame, on its way out: ``Part`` frames carry its front, ``seal`` makes the last."""

    __slots__ = ("_call", "_offset", "_seal", "_value")

    def __init__(self, call: int, value: bytes, seal: Callable[[bytes], Any]) -> None:
        self._call = call
        self._value = value
        self._seal = seal
        self._offset = 0

    @property
    def sealed(self) -> bool:
        """True when the last frame has been taken."""
        return self._offset >= len(self._value)

    def next(self) -> Any:
        """The next frame."""
        start = self._offset
        self._offset = start + PART_BYTES
        piece = self._value[start : self._offset]
        if self._offset >= len(self._value):
            return self._seal(piece)
        frame = Frame()
        frame.part.call = self._call
        frame.part.data = piece
        return frame


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
        """Adds an encoded item (``bytes``, or a pair with its metadata), a frame, or a ``Cargo``."""
        self.queue.append(entry)
        if not self.scheduled:
            self.scheduled = True
            self._ready.put(self)

    def add_value(self, value: bytes, seal: Callable[[bytes], Any]) -> None:
        """Adds the frame that ``seal`` makes of a value, cut into parts where the value is large."""
        self.add(seal(value) if len(value) <= PART_BYTES else Cargo(self.call, value, seal))

    def add_if_room(self, frame: Any) -> bool:
        """Adds a frame that may be lost. False when too much waits already."""
        if len(self.queue) > self._room:
            return False
        self.add(frame)
        return True

    def abandon(self) -> None:
        """Forgets the values that wait: their reader drops them anyway."""
        self._abandoned = True

    def take(self, room: int) -> tuple[list[bytes], int]:
        """Serialized frames of about ``room`` bytes, and their size. Stops at a value that has to be cut."""
        self.scheduled = False
        frames: list[bytes] = []
        items: list[bytes] = []
        marks: dict[int, Mapping[str, str]] = {}
        used = 0
        queue = self.queue
        while queue and used < room and self.cargo is None:
            entry = queue.popleft()
            if type(entry) is tuple:
                entry, marks[len(items)] = entry
            if type(entry) is bytes:
                if len(entry) <= PART_BYTES:
                    items.append(entry)
                    used += len(entry)
                    continue
                entry = self._large_item(entry, items, marks)
            if items:
                frames.append(self._pack(items, marks).SerializeToString())
                items, marks = [], {}
            if type(entry) is Cargo:
                self.cargo = None if self._abandoned else entry
                continue
            frames.append(entry.SerializeToString())
            used += len(frames[-1])
        if items:
            frames.append(self._pack(items, marks).SerializeToString())
        if self._abandoned:
            self.cargo = None
        return frames, used

    def take_part(self) -> bytes:
        """The next frame of the value that is being cut, serialized."""
        cargo = self.cargo
        assert cargo is not None
        frame: bytes = cargo.next().SerializeToString()
        if cargo.sealed or self._abandoned:
            self.cargo = None
        return frame

    def _large_item(self, item: bytes, before: list[bytes], marks: dict[int, Mapping[str, str]]) -> Cargo:
        metadata = marks.pop(len(before), None)
        first = self.first + len(before)

        def seal(rest: bytes) -> Any:
            # `sizes` cuts the body as it is once the parts are joined to it.
            return _items(self.call, first, [len(item)], rest, {0: metadata} if metadata else {})

        self.first += 1
        return Cargo(self.call, item, seal)

    def _pack(self, items: list[bytes], marks: Mapping[int, Mapping[str, str]]) -> Any:
        frame = _items(self.call, self.first, list(map(len, items)), b"".join(items), marks)
        self.first += len(items)
        return frame


def _items(call: int, first: int, sizes: list[int], body: bytes, marks: Mapping[int, Mapping[str, str]]) -> Any:
    frame = Frame()
    items = frame.items
    items.call = call
    items.first = first
    items.sizes.extend(sizes)
    items.body = body
    for index, metadata in marks.items():
        mark = items.marks.add(index=index)
        mark.metadata.update(metadata)
    return frame
