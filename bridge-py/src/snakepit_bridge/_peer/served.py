"""A call that the other side made: what it asks for, and the ways to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic_ns
from types import MappingProxyType

from snakepit_bridge._codec.split import Split
from snakepit_bridge._peer import failures
from snakepit_bridge._peer.cargo import Cargo
from snakepit_bridge._peer.credit import NO_CREDIT, Credit, Window
from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.enums import CancelReason, CancelRung
from snakepit_bridge._protocol.frames import CANCELLED, END, ERROR, OK, PROGRESS, Frame
from snakepit_bridge.errors import ValueTooLarge

# A value up to this goes into its frame by a copy: that costs less than a piece of its own.
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

    def __init__(self, start: Frame, arguments: bytes, strand: Strand, forget: Callable[[int], object]) -> None:
        _, self.id, self.tool, _arguments, window, time_left_ms, session, metadata = start[:8]
        self.arguments = arguments
        self.stream: bool = window is not None
        self.metadata: Mapping[str, str] = metadata or _NO_METADATA
        # Empty for a call without a session.
        self.session_id: str = ""
        self.session_metadata: Mapping[str, str] = _NO_METADATA
        if session is not None:
            self.session_id, self.session_metadata = session
        self.arrived_ns = monotonic_ns()
        self.deadline_ns: int | None = self.arrived_ns + time_left_ms * 1_000_000 if time_left_ms else None
        self.strand = strand
        self.credit: Credit = NO_CREDIT if window is None else Credit(Window(*window[:2]))
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
        run_ns = monotonic_ns() - self._started_ns
        if type(value) is bytes and len(value) <= _COPIED:
            self._finish((END, self.id, OK, value, marked, metadata or None, *self._times(run_ns)))
        else:
            frame = (END, self.id, OK, None, marked, metadata or None, *self._times(run_ns))
            self._finish(Cargo(self.id, value, frame))

    def refuse(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        """Ends a call that nobody has begun with an error, unless it was cancelled meanwhile."""
        if self.claim():
            self.fail(code, message, details)

    def fail(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        """Ends the call with an error of the library."""
        text, began = failures.cut(message)[0], bool(self._started_ns)
        times = self._times(self._run_ns())
        self._finish((END, self.id, ERROR, code, text, dict(details or {}), None, began, *times))

    def fail_with(self, exception: BaseException) -> None:
        """Ends the call with what its tool raised."""
        told = failures.describe(exception)
        self._finish((END, self.id, ERROR, *told, bool(self._started_ns), *self._times(self._run_ns())))

    def end_cancelled(self, rung: CancelRung, raised: BaseException | None = None) -> None:
        """Ends the call because it was cancelled, with what its tool raised besides.

        Values that still wait are dropped: their reader drops them too.
        """
        self.strand.abandon()
        error = None if raised is None else (*failures.describe(raised), True)
        self._finish((END, self.id, CANCELLED, int(rung), error, *self._times(self._run_ns())))

    def progress(self, value: bytes) -> None:
        """Tells how far the tool is. Lost when too much waits already. Raises ``ValueTooLarge`` above 64 KiB."""
        if len(value) > PROGRESS_BYTES:
            raise ValueTooLarge(
                f"a progress of {len(value)} bytes is above the limit of {PROGRESS_BYTES}: yield large data"
            )
        self.strand.add_if_room((PROGRESS, self.id, value))

    def _run_ns(self) -> int:
        return monotonic_ns() - self._started_ns if self._started_ns else 0

    def _times(self, run_ns: int) -> tuple[int, int]:
        """Microseconds from arrival to the tool's first line, and from there to its last."""
        started = self._started_ns or monotonic_ns()
        return (started - self.arrived_ns) // 1000, run_ns // 1000

    def _finish(self, end: Frame | Cargo) -> None:
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end()
        # Before the End goes out: from then on the caller may use the number again.
        self._forget(self.id)
        if isinstance(end, Cargo):
            self.strand.add(end)
        else:
            self.strand.send(end)
        self.ended = True
