"""What a host may hold a worker to, frame by frame, whatever happens around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from snakepit_bridge._codec.values import decode
from snakepit_bridge._peer.credit import Window
from snakepit_bridge._protocol.messages import Envelope, Frame


@dataclass
class Entry:
    """One call as its caller sees it."""

    window: Window | None
    granted: int = 0
    granted_bytes: int = 0
    sizes: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    cancelled: bool = False
    # What came of a value that is not complete yet.
    front: bytes = b""
    end: Any = None

    def has_room(self, items: int, size: int) -> bool:
        """True when one more may be made after so many items and bytes."""
        window = self.window
        return window is not None and items - self.granted < window.items and size - self.granted_bytes < window.bytes


class Ledger:
    """Keeps every call that was started, and fails on the first frame that may not be."""

    def __init__(self) -> None:
        self.open: dict[int, Entry] = {}
        self.ended: list[Entry] = []
        self.pongs: list[int] = []

    def read(self, message: bytes) -> None:
        """Takes in one message of the worker's."""
        for frame in Envelope.FromString(message).frames:
            kind = frame.WhichOneof("kind")
            assert kind is not None
            getattr(self, f"_{kind}")(getattr(frame, kind))

    def grant(self, call: int, items: int) -> Any:
        """The Credit that says that ``items`` in all were taken."""
        entry = self.open[call]
        entry.granted = max(entry.granted, items)
        entry.granted_bytes = sum(entry.sizes[: entry.granted])
        frame = Frame()
        frame.credit.call = call
        frame.credit.items = items
        frame.credit.bytes = sum(entry.sizes[:items])
        return frame

    def _pong(self, pong: Any) -> None:
        self.pongs.append(pong.nonce)

    def _other(self, message: Any) -> None:
        """Of the worker's own calls, or of none."""

    _start = _cancel = _credit = _log = _other

    def _part(self, part: Any) -> None:
        assert part.call in self.open, "a part came for a call that does not run"
        self.open[part.call].front += part.data

    def _items(self, items: Any) -> None:
        assert items.call in self.open, "items came for a call that does not run"
        entry = self.open[items.call]
        body, entry.front = entry.front + items.body, b""
        assert items.first == len(entry.sizes), "an item is missing, or came twice"
        assert sum(items.sizes) == len(body)
        start = 0
        for size in items.sizes:
            assert entry.has_room(len(entry.sizes), sum(entry.sizes)), "it was made without credit"
            entry.values.append(decode(body[start : start + size]))
            entry.sizes.append(size)
            start += size

    def _progress(self, progress: Any) -> None:
        assert progress.call in self.open, "progress came for a call that does not run"

    def _end(self, end: Any) -> None:
        assert end.call in self.open, "an end came for a call that does not run"
        entry = self.open.pop(end.call)
        outcome = end.WhichOneof("outcome")
        assert outcome in ("ok", "error", "cancelled")
        assert outcome != "cancelled" or entry.cancelled, "nobody cancelled it"
        entry.end = end
        if outcome == "ok":
            end.ok.value = entry.front + end.ok.value
        self.ended.append(entry)
