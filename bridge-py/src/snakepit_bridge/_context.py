"""The current call, as its tool sees it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from time import monotonic_ns
from types import TracebackType
from typing import Any, Protocol, cast

from snakepit_bridge.errors import CallCancelled, NoCurrentCall, SessionRequired
from snakepit_bridge.session import Session

TOOL_LOGGER = "snakepit.tool"


class CallPort(Protocol):
    """What a context needs of its call; the runtime has it."""

    @property
    def cancelled(self) -> bool:
        """True once the caller wants the call to end."""

    def enter_shield(self) -> None:
        """Holds interrupts back. Nests."""

    def leave_shield(self, *, raising: bool) -> None:
        """Ends the innermost shield. When it was the outermost and ``raising``, raises what was held back."""

    def send_progress(self, value: Mapping[str, Any]) -> None:
        """Tells the caller how far the tool is."""

    def send_log(self, frame: Any) -> bool | None:
        """Sends a log frame in the course of the call. False when too much waits, None when the call is over."""


class Context:
    """One call. A tool gets it as ``snakepit_bridge.context``, or as a parameter that is annotated ``Context``.

    ``SessionContext`` is another name of it, and ``session_context`` a parameter that needs no annotation.
    """

    def __init__(
        self,
        port: CallPort,
        *,
        call_id: int,
        worker_id: str,
        deadline_ns: int | None,
        session: Session | None,
        metadata: Mapping[str, str],
    ) -> None:
        self._port = port
        self._deadline_ns = deadline_ns
        self.call_id = call_id
        """Number of the call, unique among those that run."""
        self.worker_id = worker_id
        """Name of this worker at the host: ``default-0``."""
        self._session = session
        self.metadata = metadata
        """What the caller sent beside the arguments."""

    @property
    def session_id(self) -> str:
        """Id of the session that the call belongs to; empty without one."""
        return "" if self._session is None else self._session.id

    @property
    def session_metadata(self) -> Mapping[str, str]:
        """What the host knows of the session; empty without one."""
        return {} if self._session is None else self._session.metadata

    @property
    def state(self) -> dict[str, Any]:
        """What the tools keep for the session in this worker. Raises ``SessionRequired`` in a call without one."""
        if self._session is None:
            raise SessionRequired("`context.state` belongs to a session, and this call has none")
        return self._session.state

    @property
    def cancelled(self) -> bool:
        """True once the caller went away, aborted, or ran out of time."""
        return self._port.cancelled

    def check_cancelled(self) -> None:
        """Raises ``CallCancelled`` if the call was cancelled: for loops that cannot be interrupted otherwise."""
        if self.cancelled:
            raise CallCancelled("the call was cancelled")

    def shield(self) -> AbstractContextManager[None]:
        """Holds interrupts back until the block ends, so that what it writes is written whole."""
        return _Shield(self._port)

    @property
    def time_left(self) -> float | None:
        """Seconds until the caller gives up, never below 0.

        ``None`` without a deadline, as in streams that were given no ``timeout``.
        """
        return None if self._deadline_ns is None else max(0.0, (self._deadline_ns - monotonic_ns()) / 1e9)

    def progress(self, value: float | None = None, **fields: Any) -> None:
        """Tells the caller how far the tool is, apart from its data: ``context.progress(0.4, step='resize')``."""
        self._port.send_progress(fields if value is None else {"value": value, **fields})

    def move(self, port: CallPort) -> None:
        """For the runtime: the call goes on in another thread."""
        self._port = port

    def send_log(self, frame: Any) -> bool | None:
        """For the runtime: sends a log frame in the course of this call."""
        return self._port.send_log(frame)

    @property
    def logger(self) -> logging.Logger:
        """A logger whose records reach the host with this call's number, at every level."""
        logger = logging.getLogger(TOOL_LOGGER)
        # `logging.config` disables the loggers that it was not told of.
        logger.disabled = False
        return logger


# The name that adapters of Snakepit know.
SessionContext = Context


class _Shield:
    __slots__ = ("_port",)

    def __init__(self, port: CallPort) -> None:
        self._port = port

    def __enter__(self) -> None:
        self._port.enter_shield()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # The block's own failure goes first; what was held back comes right after it.
        self._port.leave_shield(raising=kind is None)


CURRENT: ContextVar[Context] = ContextVar("snakepit_call")


class _Current:
    """Stands for the context of whatever call is running here."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call(name), name)

    def __repr__(self) -> str:
        return "<the context of the current call>"

    @staticmethod
    def _call(name: str) -> Context:
        found = CURRENT.get(None)
        if found is None:
            if name.startswith("__"):
                raise AttributeError(name)
            raise NoCurrentCall(
                f"`context.{name}` was used where no call is running: use it inside a tool. A thread that the tool "
                "starts has to be given the context: `contextvars.copy_context().run(...)`"
            )
        return found


context: Context = cast("Context", _Current())
