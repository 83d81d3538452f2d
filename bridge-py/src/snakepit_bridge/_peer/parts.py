"""Joins values that came in parts."""

from __future__ import annotations

MAX_VALUE_BYTES = 1 << 30


class Parts:
    """What has come of values that are not complete yet, by call. For one thread."""

    def __init__(self) -> None:
        self._pieces: dict[int, list[bytes]] = {}
        self._sizes: dict[int, int] = {}

    def add(self, call: int, data: bytes) -> None:
        """Keeps a ``Part``. Beyond the limit only its size is kept, so that the end of the value can tell."""
        size = self._sizes[call] = self._sizes.get(call, 0) + len(data)
        pieces = self._pieces.setdefault(call, [])
        if size <= MAX_VALUE_BYTES:
            pieces.append(data)
        else:
            pieces.clear()

    def join(self, call: int, rest: bytes) -> bytes | None:
        """The whole value, now that its last piece is here. None when it is above the limit."""
        pieces = self._pieces.pop(call, None)
        if pieces is None:
            return rest
        if self._sizes.pop(call) + len(rest) > MAX_VALUE_BYTES:
            return None
        return b"".join((*pieces, rest))

    def drop(self, call: int) -> None:
        """Forgets what came for a call."""
        self._pieces.pop(call, None)
        self._sizes.pop(call, None)
