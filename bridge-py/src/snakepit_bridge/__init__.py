"""The Python half of Snakepit: what tool authors import.

Names are looked up on first use. ``python -m snakepit_bridge`` imports this package before anything else, and its
guardian must fork off while the process is still small and has a single thread.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from snakepit_bridge._context import Context as Context
    from snakepit_bridge._context import SessionContext as SessionContext
    from snakepit_bridge._context import context as context
    from snakepit_bridge._version import __version__ as __version__
    from snakepit_bridge.base_adapter import BaseAdapter as BaseAdapter
    from snakepit_bridge.base_adapter_threaded import ThreadSafeAdapter as ThreadSafeAdapter
    from snakepit_bridge.errors import CallCancelled as CallCancelled
    from snakepit_bridge.errors import NoCurrentCall as NoCurrentCall
    from snakepit_bridge.errors import SessionNotStarted as SessionNotStarted
    from snakepit_bridge.errors import SessionRequired as SessionRequired
    from snakepit_bridge.errors import SnakepitError as SnakepitError
    from snakepit_bridge.errors import ToolDefinitionError as ToolDefinitionError
    from snakepit_bridge.session import Session as Session
    from snakepit_bridge.tools.chunk import StreamChunk as StreamChunk
    from snakepit_bridge.tools.decorator import tool as tool

_HOMES = {
    "BaseAdapter": "base_adapter",
    "CallCancelled": "errors",
    "Context": "_context",
    "NoCurrentCall": "errors",
    "Session": "session",
    "SessionContext": "_context",
    "SessionNotStarted": "errors",
    "SessionRequired": "errors",
    "SnakepitError": "errors",
    "StreamChunk": "tools.chunk",
    "ThreadSafeAdapter": "base_adapter_threaded",
    "ToolDefinitionError": "errors",
    "__version__": "_version",
    "context": "_context",
    "tool": "tools.decorator",
}

__all__ = [
    "BaseAdapter",
    "CallCancelled",
    "Context",
    "NoCurrentCall",
    "Session",
    "SessionContext",
    "SessionNotStarted",
    "SessionRequired",
    "SnakepitError",
    "StreamChunk",
    "ThreadSafeAdapter",
    "ToolDefinitionError",
    "__version__",
    "context",
    "tool",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})
