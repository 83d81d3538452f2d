"""One end of a wire: tells frames apart and brings them to their calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any

from snakepit_bridge._codec.values import encode
from snakepit_bridge._peer import outgoing
from snakepit_bridge._peer.cargo import Cargo
from snakepit_bridge._peer.credit import Window
from snakepit_bridge._peer.outbox import Outbox
from snakepit_bridge._peer.outgoing import AsyncStream, OutgoingCall, Stream
from snakepit_bridge._peer.parts import Parts
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._protocol import frames
from snakepit_bridge._protocol.enums import CancelReason
from snakepit_bridge._protocol.frames import OK, START, Frame
from snakepit_bridge.errors import ProtocolError
from snakepit_bridge.session import Session

_IDS = 1 << 32


class Peer:
    """Calls in both directions over one wire.

    The wire feeds ``receive`` from one thread and sends what ``outbox.messages()`` yields from another. ``serve`` gets
    each call of the other side, ``control`` each frame that belongs to no call, both on the reader's thread: they must
    hand the work on and return. ``greet`` gets the other side's ``Hello``, which has to be the first frame, and raises
    what is wrong with it; without ``greet`` none is expected.
    """

    def __init__(
        self,
        *,
        first_id: int,
        serve: Callable[[ServedCall], None],
        control: Callable[[Frame], None] | None = None,
        greet: Callable[[Frame], None] | None = None,
    ) -> None:
        self.outbox = Outbox()
        self.line = self.outbox.strand(0)
        self._serve = serve
        self._control = control
        self._greet = greet
        self._parity = first_id % 2
        self._next_id = first_id
        self._served: dict[int, ServedCall] = {}
        self._calls: dict[int, OutgoingCall] = {}
        self._parts = Parts()
        self._lock = Lock()
        self._refusing = False
        self._over = False
        self._idle = Event()
        self._on: dict[int, Callable[[Frame], None]] = {
            frames.START: self._on_start,
            frames.PART: self._on_part,
            frames.ITEMS: self._on_items,
            frames.CREDIT: self._on_credit,
            frames.END: self._on_end,
            frames.CANCEL: self._on_cancel,
            frames.HELLO: self._receive_hello,
        }

    # What the wire says.

    def receive(self, batch: Iterable[Frame]) -> None:
        """Takes in frames. Raises ``ProtocolError``, and the wire has to be closed then."""
        for frame in batch:
            try:
                kind = frame[0]
                if self._greet is not None:
                    self._receive_hello(frame)
                    continue
                handler = self._on.get(kind)
                if handler is not None:
                    handler(frame)
                elif kind in frames.KNOWN and self._control is not None:
                    self._control(frame)
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                raise ProtocolError(f"a frame has not the form of its kind: {frame!r:.200}") from error

    def _receive_hello(self, frame: Frame) -> None:
        greet, self._greet = self._greet, None
        if frame[0] != frames.HELLO or greet is None:
            self._greet = greet
            raise ProtocolError(f"expected one Hello as the first frame, got a frame of kind {frame[0]}")
        greet(frame)

    def lost(self) -> None:
        """The wire is gone: cancels what is served, fails what was called, ends the outbox."""
        self.refuse()
        with self._lock:
            self._over = True
            calls = list(self._calls.values())
            self._calls.clear()
        for call in calls:
            call.end(outgoing.lost())
        self.cancel_all(CancelReason.CLOSING)
        self.outbox.close()

    # What the worker asks of it.

    def refuse(self) -> None:
        """Ends every new call with ``worker_stopping``."""
        self._refusing = True
        if not self._served:
            self._idle.set()

    def wait_idle(self, timeout: float) -> bool:
        """After ``refuse``: waits (s) until no call is left. False when some still are."""
        return self._idle.wait(timeout)

    def cancel_all(self, reason: CancelReason) -> None:
        """Cancels every call that is served."""
        for call in list(self._served.values()):
            call.cancel(reason)

    # Calls of the other side.

    def _on_start(self, start: Frame) -> None:
        call_id, window = start[1], start[4]
        arguments = self._parts.join(call_id, start[3])
        if not call_id or call_id % 2 == self._parity or call_id in self._served:
            raise ProtocolError(f"call {call_id} was started twice, or with an id of the wrong side")
        strand = self.outbox.strand(call_id, 0 if window is None else window[0])
        call = ServedCall(start, arguments or b"", strand, self._forget)
        self._served[call_id] = call
        if arguments is None:
            call.refuse("value_too_large", f"the arguments of '{call.tool}' are above the limit of 1 GiB")
        elif self._refusing:
            call.refuse("worker_stopping", "the worker takes no new calls: it is about to leave")
        else:
            self._serve(call)

    def _on_credit(self, credit: Frame) -> None:
        call = self._served.get(credit[1])
        if call is not None:
            call.credit.grant(credit[2], credit[3])

    def _on_cancel(self, cancel: Frame) -> None:
        call = self._served.get(cancel[1])
        if call is not None:
            reason = cancel[2]
            call.cancel(CancelReason(reason) if reason in CancelReason._value2member_map_ else CancelReason.UNSPECIFIED)
        elif cancel[1] % 2 != self._parity:
            # Its start will not come; what has come of its arguments is of no use.
            self._parts.drop(cancel[1])

    def _forget(self, call: int) -> None:
        self._served.pop(call, None)
        if self._refusing and not self._served:
            self._idle.set()

    # Calls of this side.

    def call(self, tool: str, arguments: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Calls the other side from a thread and waits for the value."""
        inbox: SimpleQueue[Any] = SimpleQueue()
        call = self.start(tool, arguments, inbox.put, None, **options)
        try:
            event = inbox.get()
        except BaseException:
            call.cancel()
            raise
        return outgoing.value_of(event)

    async def acall(self, tool: str, arguments: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Calls the other side from an event loop and waits for the value. Cancelling the task cancels the call."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[Any] = loop.create_future()

        def settle(event: Any) -> None:
            if not arrived.done():
                arrived.set_result(event)

        call = self.start(tool, arguments, lambda event: loop.call_soon_threadsafe(settle, event), None, **options)
        try:
            return outgoing.value_of(await arrived)
        except asyncio.CancelledError:
            call.cancel()
            raise

    def stream(
        self, tool: str, arguments: Mapping[str, Any] | None = None, *, window: Window | None = None, **options: Any
    ) -> Stream:
        """Calls a tool that streams, from a thread. Close the stream, or use it in a ``with``, to leave it early."""
        stream = Stream()
        stream.call = self.start(tool, arguments, stream.deliver, window or Window(), **options)
        return stream

    def astream(
        self, tool: str, arguments: Mapping[str, Any] | None = None, *, window: Window | None = None, **options: Any
    ) -> AsyncStream:
        """Calls a tool that streams, from an event loop."""
        stream = AsyncStream()
        stream.call = self.start(tool, arguments, stream.deliver, window or Window(), **options)
        return stream

    def start(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None,
        deliver: Callable[[Any], object],
        window: Window | None,
        *,
        time_left_ms: int = 0,
        metadata: Mapping[str, str] | None = None,
        session: Session | None = None,
    ) -> OutgoingCall:
        """Starts a call; ``deliver`` gets what comes of it, on the reader's thread. A ``window`` asks for a stream."""
        value = encode(dict(arguments or {}))
        with self._lock:
            if self._over:
                raise outgoing.lost()
            call = OutgoingCall(self._free_id(), self.line, window, deliver)
            call.strand = self.outbox.strand(call.id)
            self._calls[call.id] = call

        held = None if window is None else (window.items, window.bytes)
        within = None if session is None else (session.id, dict(session.metadata))
        start = (START, call.id, tool, None, held, time_left_ms, within, dict(metadata or {}) or None, False)
        call.strand.add(Cargo(call.id, value, start))
        return call

    def _free_id(self) -> int:
        while self._next_id in self._calls:
            self._next_id = (self._next_id + 2) % _IDS
        call = self._next_id
        # 0 names the connection itself.
        self._next_id = (call + 2) % _IDS or 2
        return call

    def _on_part(self, part: Frame) -> None:
        call = part[1]
        # Of a call that is not known: the front of a `Start`, where the id is the other side's to give.
        if call in self._calls or call % 2 != self._parity:
            self._parts.add(call, part[2])

    def _on_items(self, items: Frame) -> None:
        _, call_id, first, sizes, body = items[:5]
        call = self._calls.get(call_id)
        whole = self._parts.join(call_id, body)
        if call is not None and whole is not None:
            call.items(first, sizes, whole)

    def _on_end(self, end: Frame) -> None:
        with self._lock:
            call = self._calls.pop(end[1], None)
        value = self._parts.join(end[1], end[3] if end[2] == OK else b"")
        if call is not None:
            call.end(outgoing.outcome_of(end, value))
