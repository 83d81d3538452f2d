"""What a tool gave, told by the thing itself: decorators hide what the function behind them is."""

from __future__ import annotations

import inspect
from enum import Enum
from io import IOBase
from typing import Any

from snakepit_bridge.errors import SnakepitError, ToolDefinitionError
from snakepit_bridge.tools.spec import ToolSpec

# Most results are one of these.
_PLAIN = frozenset({dict, list, tuple, str, bytes, int, float, bool, type(None)})


class Form(Enum):
    """What has to be done with a result."""

    VALUE = "value"
    AWAITABLE = "awaitable"
    ITERATOR = "iterator"
    ASYNC_ITERATOR = "async iterator"


class WrongForm(SnakepitError):
    """A stream where a value was asked for, or the other way round."""


def form_of(result: Any, *, on_loop: bool) -> Form:
    """Tells an iterator by its ``__next__``: what can be iterated more than once is a value.

    What can be iterated in both ways is taken for what can be iterated where it is.
    """
    kind = type(result)
    if kind in _PLAIN:
        return Form.VALUE
    if inspect.isawaitable(result):
        return Form.AWAITABLE
    if hasattr(kind, "__aiter__") and (on_loop or not hasattr(kind, "__iter__")):
        return Form.ASYNC_ITERATOR
    # A file gives its lines, but who returns one has hardly meant them.
    is_iterator = hasattr(kind, "__next__") and hasattr(kind, "__iter__")
    return Form.ITERATOR if is_iterator and not isinstance(result, IOBase) else Form.VALUE


def refuse_stream(spec: ToolSpec, result: Any) -> WrongForm:
    """The error for a call that wants a value and got something that streams."""
    form = "an `AsyncIterator`" if hasattr(type(result), "__aiter__") else "an `Iterator`"
    return WrongForm(
        f"tool '{spec.name}' returned a `{type(result).__qualname__}`, which streams: ask for its chunks. "
        f"Nothing says so beforehand: hint {form} as what it returns, or say `@tool(supports_streaming=True)`",
        code="streaming_required",
        details={"tool": spec.name},
    )


def refuse_value(spec: ToolSpec, result: Any, wanted: str) -> SnakepitError:
    """The error for a call that wants a stream and got a value."""
    name, kind = spec.name, type(result).__qualname__
    if spec.streams:
        return ToolDefinitionError(
            f"tool '{name}' streams, but returned a `{kind}`: return {wanted}, or `yield` in the tool itself"
        )
    return WrongForm(
        f"tool '{name}' does not stream, it returned a `{kind}`: call it for its value",
        code="streaming_not_supported",
        details={"tool": name},
    )
