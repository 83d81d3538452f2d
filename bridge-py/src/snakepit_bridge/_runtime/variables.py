"""Context variables: each call begins with what the adapter's ``initialize`` left, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

from snakepit_bridge._context import CURRENT

_MISSING = object()
_DECIMAL = "decimal_context"


class Variables:
    """The context variables of the code that makes this, to be copied for others."""

    def __init__(self) -> None:
        self._context = copy_context()
        # One that is changed in place: `decimal.getcontext().prec = 50` in one call must not be the precision of all.
        self._decimal: Any = next((value for key, value in self._context.items() if key.name == _DECIMAL), None)

    def copy(self) -> Context:
        """A copy that belongs to whoever asks."""
        context = self._context.copy()
        if self._decimal is not None:
            from decimal import setcontext

            context.run(setcontext, self._decimal.copy())
        return context


def within(context: Context, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function in a context that outlives the current call, and on behalf of that call."""
    return context.run(_on_behalf, CURRENT.get(None), function, arguments)


def _on_behalf(current: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    if current is None:
        return function(*arguments)
    token = CURRENT.set(current)
    try:
        return function(*arguments)
    finally:
        CURRENT.reset(token)


def adopt(context: Context) -> None:
    """Sets here what is set there; which call it is stays."""
    for variable, value in context.items():
        if variable is not CURRENT and variable.get(_MISSING) is not value:
            variable.set(value)
