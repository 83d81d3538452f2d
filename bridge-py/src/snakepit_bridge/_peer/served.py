"""A call that the other side made: what it asks for, and the ways to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic_ns
from types import MappingProxyType
from typing import Any

from snakepit_bridge._codec.split import Split
from snakepit_bridge._peer import failures, framing
from snakepit_bridge._peer.cargo import Cargo
from snakepit_bridge._peer.credit import NO_CREDIT, Credit, Window
from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.enums import CancelReason, CancelRung
from snakepit_bridge._protocol.messages import Frame
from snakepit_bridge.errors import ValueTooLarge

# A value up to this goes into its frame by a copy: that costs less than a front made by hand.
_COPIED = 4096

# What waits is bounded by a count; this bounds it in bytes.
PROGRESS_BYTES = 64 * 1024

_NO_METADATA: Mapping[str, str] = MappingProxyType({})


class ServedCall:
    """One call. Who claims it ends it, by exactly one of ``succeed``, ``fail``, ``fail_with``, ``end_cancelled``."""

    __slots__ = (
        "_claim",
        "_forget",
        "_started_ns",
        "arguments",
        "arrived_ns",
        "cancel_reason",
        "credit",
        "deadline_ns",
        "ended",
        "id",
        "metadata",
        "on_cancel",
        "on_end",
        "session_id",
        "session_metadata",
        "strand",
        "stream",
        "tool",
    )

    def __init__(self, start: Any, arguments: bytes, strand: Strand, forget: Callable[[int], object]) -> None:
        self.id: int = start.call
        self.tool: str = start.tool
        self.arguments = arguments
        self.stream: bool = start.stream
        # Most calls have none, and making a dict of protobuf's empty map costs more than asking.
        self.metadata: Mapping[str, str] = dict(start.metadata) if len(start.metadata) else _NO_METADATA
        # Empty for a call without a session.
        self.session_id: str = ""
        self.session_metadata: Mapping[str, str] = _NO_METADATA
        if start.HasField("session"):
            self.session_id, self.session_metadata = start.session.id, dict(start.session.metadata)
        self.arrived_ns = monotonic_ns()
        self.deadline_ns = self.arrived_ns + start.time_left_ms * 1_000_000 if start.time_left_ms else None
        self.strand = strand
        self.credit: Credit = Credit(Window(start.window.items, start.window.bytes)) if self.stream else NO_CREDIT
        self.cancel_reason: CancelReason | None = None
        # Called on the reader's thread, once, after `cancel_reason` is set and the credit revoked.
        self.on_cancel: Callable[[], None] | None = None
        # Called once, by whoever ends the call.
        self.on_end: Callable[[], None] | None = None
        self._claim = Lock()
        self._forget = forget
        self._started_ns = 0
        # True once its end is on its way.
        self.ended = False

    def claim(self) -> bool:
        """True for the first to ask: the runner that begins the call, or the cancel that keeps it from beginning."""
        return self._claim.acquire(blocking=False)

    def cancel(self, reason: CancelReason) -> None:
        """Asks for the end of the call. Doing so twice is harmless."""
        if self.cancel_reason is not None:
            return
        self.cancel_reason = reason
        self.credit.revoke()
        if self.claim():
            self.end_cancelled(CancelRung.NOT_STARTED)
        elif (on_cancel := self.on_cancel) is not None:
            on_cancel()

    def begin(self) -> None:
        """Marks the tool's first line, for the timings."""
        self._started_ns = monotonic_ns()

    def succeed(self, value: bytes | Split, *, marked: bool = False, metadata: Mapping[str, str] | None = None) -> None:
        """Ends the call with a value, or with the final chunk of its stream."""
        frame = self._end(monotonic_ns() - self._started_ns)
        ok = frame.end.ok
        if marked:
            ok.marked = True
        if metadata:
            ok.metadata.update(metadata)
        if isinstance(value, bytes) and len(value) <= _COPIED:
            ok.value = value
            self._finish(frame)
        else:
            self._finish(Cargo(self.id, value, framing.end(frame.end)))

    def refuse(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        """Ends a call that nobody has begun with an error, unless it was cancelled meanwhile."""
        if self.claim():
            self.fail(code, message, details)

    def fail(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        """Ends the call with an error of the library."""
        frame = self._end(self._run_ns())
        error = frame.end.error
        error.code = code
        error.message = failures.cut(message)[0]
        error.details.update(details or {})
        error.began = bool(self._started_ns)
        self._finish(frame)

    def fail_with(self, exception: BaseException) -> None:
        """Ends the call with what its tool raised."""
        frame = self._end(self._run_ns())
        failures.describe(exception, frame.end.error)
        frame.end.error.began = bool(self._started_ns)
        self._finish(frame)

    def end_cancelled(self, rung: CancelRung, raised: BaseException | None = None) -> None:
        """Ends the call because it was cancelled, with what its tool raised besides.

        Values that still wait are dropped: their reader drops them too.
        """
        self.strand.abandon()
        frame = self._end(self._run_ns())
        frame.end.cancelled.rung = rung
        if raised is not None:
            failures.describe(raised, frame.end.cancelled.error)
        self._finish(frame)

    def progress(self, value: bytes) -> None:
        """Tells how far the tool is. Lost when too much waits already. Raises ``ValueTooLarge`` above 64 KiB."""
        if len(value) > PROGRESS_BYTES:
            raise ValueTooLarge(
                f"a progress of {len(value)} bytes is above the limit of {PROGRESS_BYTES}: yield large data"
            )
        frame = Frame()
        frame.progress.call = self.id
        frame.progress.value = value
        self.strand.add_if_room(frame)

    def _run_ns(self) -> int:
        return monotonic_ns() - self._started_ns if self._started_ns else 0

    def _end(self, run_ns: int) -> Any:
        frame = Frame()
        end = frame.end
        end.call = self.id
        timings = end.timings
        started = self._started_ns or monotonic_ns()
        timings.queued_us = (started - self.arrived_ns) // 1000
        timings.run_us = run_ns // 1000
        return frame

    def _finish(self, end: Any) -> None:
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end()
        # Before the End goes out: from then on the caller may use the number again.
        self._forget(self.id)
        self.strand.add(end)
        self.ended = True
