"""What authors say about threads, checked before the first call."""

from __future__ import annotations

from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools.adapter import Source
from snakepit_bridge.tools.table import ToolTable

FLAG = "__thread_safe__"


def check_thread_safety(tools: ToolTable, source: Source, threads: int) -> None:
    """Raises ``ToolDefinitionError`` when sync tools would run side by side whose author has not said that they may.

    Async tools share one thread, as ever.
    """
    for spec in tools:
        if spec.is_async:
            continue
        is_method = hasattr(spec.function, "__self__")
        owner = source.adapter if is_method else source.module
        if getattr(owner, FLAG, False) is True:
            continue
        kind, remedy = ("adapter", "derive it from `ThreadSafeAdapter`, or say") if is_method else ("module", "say")
        raise ToolDefinitionError(
            f"with `threads: {threads}` tool '{spec.name}' would run in several threads at once, and {kind} "
            f"`{getattr(owner, '__name__', '')}` is not declared safe for that: if it is, {remedy} `{FLAG} = True` in "
            "it, or else leave the option `threads` out"
        )
