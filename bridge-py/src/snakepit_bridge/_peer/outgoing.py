"""Calls that this side makes at the other: one value or a stream, from threads or from an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from snakepit_bridge._codec.values import decode
from snakepit_bridge._peer.credit import Intake, Window
from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.enums import CancelReason
from snakepit_bridge._protocol.frames import CANCEL, CREDIT, ERROR, OK, Frame
from snakepit_bridge.errors import CallCancelled, ConnectionLost, ProtocolError, RemoteError

_NO_VALUE = object()


class OutgoingCall:
    """The caller's end of a call. ``deliver`` gets what comes for it, the outcome last, on the reader's thread."""

    __slots__ = ("_come", "_over", "_streams", "deliver", "id", "intake", "strand")

    def __init__(self, call: int, strand: Strand, window: Window | None, deliver: Callable[[Any], object]) -> None:
        self.id = call
        self.strand = strand
        self.intake = Intake(window or Window())
        self.deliver = deliver
        self._streams = window is not None
        self._come = 0
        self._over = False

    def items(self, first: int, sizes: Sequence[int], body: bytes) -> None:
        """Takes in items, unless they were given up. Raises ``ProtocolError`` for items that cannot be the next."""
        if self._over:
            return
        if not self._streams or first != self._come or sum(sizes) != len(body):
            raise ProtocolError(f"items came for call {self.id} that are not its next")
        self._come += len(sizes)
        self.deliver((sizes, body))

    def end(self, outcome: Any) -> None:
        """Takes in the end: a value, or what is to be raised."""
        self._over = True
        self.deliver(outcome)

    def cancel(self, reason: CancelReason = CancelReason.ABORTED) -> None:
        """Asks the other side to leave the call; what still comes of it is dropped."""
        if self._over:
            return
        self._over = True
        self.strand.add((CANCEL, self.id, int(reason)))

    def taken(self, size: int) -> None:
        """Counts an item as taken and says so when it is time."""
        if self.intake.take(size) and not self._over:
            self.strand.add((CREDIT, self.id, self.intake.items, self.intake.bytes))


def outcome_of(end: Frame, value: bytes | None) -> Any:
    """What an ``End`` means to its caller: the value's bytes, or an exception to raise."""
    outcome = end[2]
    if outcome == OK:
        return value
    if outcome == ERROR:
        code, message, details, exception = end[3:7]
        error = RemoteError(message, code=code, details=details)
        error.traceback = exception[5] if exception else ""
        return error
    return CallCancelled("the call was cancelled")


class Stream:
    """The items of a call, as an iterator for threads. ``value`` holds the final value once it has ended."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._buffer: _Buffer = _Buffer()
        self.value: Any = None
        self.call: OutgoingCall

    def deliver(self, event: Any) -> None:
        """Takes in what comes, on the reader's thread."""
        self._inbox.put(event)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        while True:
            item = self._buffer.take(self.call)
            if item is not _NO_VALUE:
                return item
            if self._buffer.ended:
                raise StopIteration
            if self._buffer.accept(self._inbox.get()):
                self.value = self._buffer.value

    def close(self) -> None:
        """Leaves the stream; the other side is cancelled where it still runs."""
        self._buffer.ended = True
        self.call.cancel()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class AsyncStream:
    """The items of a call, as an iterator for an event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._buffer: _Buffer = _Buffer()
        self.value: Any = None
        self.call: OutgoingCall

    def deliver(self, event: Any) -> None:
        """Takes in what comes, on the reader's thread."""
        self._loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    def __aiter__(self) -> AsyncStream:
        return self

    async def __anext__(self) -> Any:
        while True:
            item = self._buffer.take(self.call)
            if item is not _NO_VALUE:
                return item
            if self._buffer.ended:
                raise StopAsyncIteration
            try:
                event = await self._inbox.get()
            except asyncio.CancelledError:
                self._buffer.ended = True
                self.call.cancel()
                raise
            if self._buffer.accept(event):
                self.value = self._buffer.value

    async def aclose(self) -> None:
        """Leaves the stream; the other side is cancelled where it still runs."""
        self._buffer.ended = True
        self.call.cancel()


class _Buffer:
    """Items that have come and were not taken."""

    def __init__(self) -> None:
        self._items: deque[bytes] = deque()
        self.ended = False
        self.value: Any = None

    def take(self, call: OutgoingCall) -> Any:
        if not self._items:
            return _NO_VALUE
        data = self._items.popleft()
        call.taken(len(data))
        return decode(data)

    def accept(self, event: Any) -> bool:
        """True when the event was the end. Raises what the end says."""
        if isinstance(event, tuple):
            sizes, body = event
            start = 0
            for size in sizes:
                self._items.append(body[start : start + size])
                start += size
            return False
        self.ended = True
        if isinstance(event, BaseException):
            raise event
        self.value = decode(event) if event else None
        return True


def value_of(event: Any) -> Any:
    """The value that a plain call ended with. Raises what its end says."""
    if isinstance(event, BaseException):
        raise event
    return decode(event)


def lost() -> ConnectionLost:
    """What calls end with when the wire is gone."""
    return ConnectionLost("the connection ended while the call was running")
