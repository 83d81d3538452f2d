"""What this package raises, and what a call can end with."""

from __future__ import annotations

from collections.abc import Mapping


class SnakepitError(Exception):
    """Base of everything that this package raises as an error.

    ``code`` is one of the library's stable codes, the same on the TypeScript side.
    ``details`` holds facts for programs.
    """

    code = "protocol_error"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.details = dict(details or {})


class CallCancelled(BaseException):
    """Raised inside a tool when its caller went away, aborted or ran out of time.

    A ``BaseException``, like ``asyncio.CancelledError``: ``except Exception`` lets it pass. Catching it does not save
    the call; use ``finally`` or a context manager to tidy up.
    """


class NoCurrentCall(SnakepitError, RuntimeError):
    """``context`` was used where no call is running."""

    code = "python_error"


class SessionRequired(SnakepitError, RuntimeError):
    """Something that only calls within a session have was wanted in a call without one."""

    code = "invalid_parameter"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: call it within a session, `pit.session(id)`")


class SessionNotStarted(SnakepitError, RuntimeError):
    """The adapter could not start a session for its first call in this worker; the cause says why."""

    code = "python_error"


class ToolDefinitionError(SnakepitError, TypeError):
    """A tool that cannot be served as it is written; the message says what to change."""

    code = "python_error"


class InvalidParameter(SnakepitError, ValueError):
    """Arguments that do not fit the tool's signature."""

    code = "invalid_parameter"


class ToolNotFound(SnakepitError, LookupError):
    """A call for a tool that nobody offers."""

    code = "tool_not_found"


class UnserializableValue(SnakepitError, TypeError):
    """A value that cannot travel. ``path`` says where inside the value, in JSONPath's way: ``$.rows[3].model``."""

    code = "unserializable_value"

    def __init__(self, reason: str, *, path: str = "$", type_name: str = "") -> None:
        super().__init__(f"{reason} (at `{path}`)", details={"path": path, "type": type_name})
        self.reason = reason
        self.path = path
        self.type_name = type_name


class UndecodableValue(SnakepitError, ValueError):
    """Bytes that are no value of ours."""

    code = "undecodable_value"


class ValueTooLarge(SnakepitError, ValueError):
    """A value above the limit of the wire."""

    code = "value_too_large"


class ProtocolError(SnakepitError, RuntimeError):
    """The other side said something that the protocol does not allow."""


class ConnectionLost(SnakepitError, ConnectionError):
    """The other side went away while a call to it was running."""

    code = "transport_failed"


class RemoteError(SnakepitError, RuntimeError):
    """The other side ended a call with an error. ``code`` and ``details`` are its own.

    ``traceback`` is the text of the exception behind it; empty where there is none.
    """

    traceback = ""
