"""The sessions of this worker: from a session's first call until it is over and its last call has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context
from threading import Lock

from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.session import Session


class Record:
    """What the runtime knows of a session. What follows ``started`` belongs to the main thread."""

    __slots__ = ("calls", "instance", "reason", "session", "started", "variables")

    def __init__(self, session: Session) -> None:
        self.session = session
        self.calls = 0
        # Why it is over: "ended", "expired", "worker_stopping"; empty until then.
        self.reason = ""
        # True once the adapter was told, and agreed.
        self.started = False
        # The adapter's own instance for this session, where its lifecycle is "session".
        self.instance: BaseAdapter | None = None
        # The context variables that its hooks see, and as they leave them.
        self.variables: Context | None = None


class SessionTable:
    """Counts calls per session. For any thread.

    ``settle`` gets each record once, when its session is over and none of its calls is left; it must hand the work on.
    """

    def __init__(self, settle: Callable[[Record], object]) -> None:
        self._settle = settle
        self._lock = Lock()
        self._records: dict[str, Record] = {}

    def enter(self, session: str, metadata: Mapping[str, str]) -> Record:
        """A call of the session has arrived."""
        with self._lock:
            record = self._records.get(session)
            if record is None:
                record = self._records[session] = Record(Session(session, metadata))
            record.calls += 1
            return record

    def leave(self, record: Record) -> None:
        """A call of the session has ended."""
        with self._lock:
            record.calls -= 1
            settled = not record.calls and bool(record.reason)
        if settled:
            self._settle(record)

    def end(self, session: str, reason: str) -> None:
        """The session is over. A session that is not known never had a call here."""
        with self._lock:
            record = self._records.pop(session, None)
            if record is None:
                return
            record.reason = reason
            settled = not record.calls
        if settled:
            self._settle(record)

    def end_all(self, reason: str) -> None:
        """Every session is over."""
        for session in list(self._records):
            self.end(session, reason)
