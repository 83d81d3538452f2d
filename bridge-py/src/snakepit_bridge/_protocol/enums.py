"""The protocol's numbers that the code compares. A test holds them against the descriptor set."""

from __future__ import annotations

from enum import IntEnum

PROTOCOL_VERSION = 1


class ToolKind(IntEnum):
    """How a tool produces its results."""

    FUNCTION = 1
    COROUTINE = 2
    GENERATOR = 3
    ASYNC_GENERATOR = 4


class CancelRung(IntEnum):
    """How far the cancel ladder had to go."""

    NOT_STARTED = 1
    CLOSED = 2
    INTERRUPTED = 3
    THROWN = 4


class CancelReason(IntEnum):
    """Why a call is cancelled."""

    UNSPECIFIED = 0
    ABORTED = 1
    TIMEOUT = 2
    CLOSING = 3


class LogLevel(IntEnum):
    """Levels of a log line."""

    DEBUG = 1
    INFO = 2
    WARNING = 3
    ERROR = 4
    CRITICAL = 5


class SessionEndReason(IntEnum):
    """Why a session is over."""

    UNSPECIFIED = 0
    ENDED = 1
    EXPIRED = 2
