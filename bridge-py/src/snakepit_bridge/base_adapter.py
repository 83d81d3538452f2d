"""The base of adapters that are classes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Awaitable
from typing import Any, ClassVar, Literal

from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.session import Session
from snakepit_bridge.tools.chunk import StreamChunk
from snakepit_bridge.tools.decorator import tool

__all__ = ["BaseAdapter", "Session", "StreamChunk", "tool"]

Lifecycle = Literal["worker", "session", "call"]

_LIFECYCLES = ("worker", "session", "call")


class BaseAdapter:
    """A class of tools that share what they load.

    One instance is made per worker, on the main thread, before the first call::

        class Embedder(BaseAdapter):
            def initialize(self) -> None:
                self.model = load_model()

            @tool
            def embed(self, text: str) -> list[float]:
                \"\"\"The embedding of a text.\"\"\"
                return self.model.encode(text).tolist()

    ``lifecycle = "session"`` makes an instance for each session in each worker, when its first call comes, and
    ``lifecycle = "call"`` one for each call. All methods below may be ``async``.
    """

    lifecycle: ClassVar[Lifecycle] = "worker"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.lifecycle not in _LIFECYCLES:
            close = difflib.get_close_matches(str(cls.lifecycle), _LIFECYCLES, 1)
            hint = f", did you mean '{close[0]}'?" if close else ""
            raise ToolDefinitionError(
                f"adapter `{cls.__qualname__}` has lifecycle {cls.lifecycle!r}: use 'worker', 'session' or 'call'{hint}"
            )
        if inspect.iscoroutinefunction(cls.__init__):
            raise ToolDefinitionError(
                f"adapter `{cls.__qualname__}` has an `async def __init__`, and Python waits for none: what has to be "
                "awaited belongs into `async def initialize(self)`"
            )
        hooks = session_hooks(cls)
        if cls.lifecycle == "call" and hooks:
            raise ToolDefinitionError(
                f"adapter `{cls.__qualname__}` has `{hooks[0]}`, but with lifecycle 'call' no instance of it lives as "
                "long as a session: use 'session' or 'worker'"
            )

    def initialize(self) -> Awaitable[None] | None:
        """Runs once for each instance, before its first call.

        With lifecycle "worker", what it raises keeps the worker from starting; otherwise it fails the call.
        """
        return None

    def cleanup(self) -> Awaitable[None] | None:
        """Runs once for each instance that was initialized, when it is not used any more, within a bounded time."""
        return None

    def on_session_start(self, session: Session) -> Awaitable[None] | None:  # noqa: ARG002
        """Runs before the first call of a session in this worker.

        What it raises fails that call, and the session's next call tries again.
        """
        return None

    def on_session_end(self, session: Session, reason: str) -> Awaitable[None] | None:  # noqa: ARG002
        """Runs when a session is over and its calls have ended.

        ``reason`` is ``"ended"``, ``"expired"`` or ``"worker_stopping"``.
        """
        return None


def session_hooks(kind: type[BaseAdapter]) -> list[str]:
    """The hooks for sessions that an adapter has made its own."""
    hooks = ("on_session_start", "on_session_end")
    return [hook for hook in hooks if getattr(kind, hook) is not getattr(BaseAdapter, hook)]
