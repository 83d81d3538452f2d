"""``@tool``: marks a function as callable from the host and leaves the function itself as it is."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar, cast, overload

from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools import layers
from snakepit_bridge.tools.signature import refuse_variadic, signature_of

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__snakepit_tool__"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class ToolOptions:
    """What the decorator was told; ``None`` stands for "find out from the function"."""

    name: str
    description: str | None = None
    supports_streaming: bool | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    supports_streaming: bool | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[F], F]: ...
def tool(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    supports_streaming: bool | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> F | Callable[[F], F]:
    """Offers a function, or a method of a ``BaseAdapter``, to the host.

    A tool streams when it is a generator, or when its return hint is an iterator; ``supports_streaming`` says so for a
    function that returns an iterator without a hint. ``name`` and ``description`` default to the function's name and
    the first paragraph of its docstring. ``metadata`` is told to the host as strings.

    Raises ``ToolDefinitionError`` where the function cannot be served as it is.
    """

    def mark(function: F) -> F:
        options = ToolOptions(
            name=_checked_name((layers.name_of(_checked(function)) or "") if name is None else name),
            description=description,
            supports_streaming=supports_streaming,
            metadata=MappingProxyType({str(key): str(value) for key, value in (metadata or {}).items()}),
        )
        refuse_variadic(signature_of(function), options.name)
        _check_streaming(function, options)
        return _marked(function, options)

    return mark if function is None else mark(function)


def options_of(candidate: object) -> ToolOptions | None:
    """What ``@tool`` attached to a function, or to one that its decorators wrap. Runs nothing of the user's."""
    if isinstance(candidate, type):
        return None
    for layer in layers.layers(candidate):
        options = layers.own_dict(layer).get(ATTRIBUTE)
        if isinstance(options, ToolOptions):
            return options
        if isinstance(layer, (functools.partial, functools.partialmethod)):
            return None  # made of a tool, but not meant as one
    return None


def _checked(function: Any) -> Any:
    if isinstance(function, (property, functools.cached_property)):
        raise ToolDefinitionError("@tool expects a function, got a property: make it a method, with `()` in its calls")
    if isinstance(function, type) or not (callable(function) or isinstance(function, (staticmethod, classmethod))):
        what = f"class {function.__qualname__}" if isinstance(function, type) else type(function).__name__
        raise ToolDefinitionError(f"@tool expects a function, got {what}: put it on a `def`")
    return function


def _marked(function: F, options: ToolOptions) -> F:
    target = function.__func__ if isinstance(function, (staticmethod, classmethod)) else function
    try:
        setattr(target, ATTRIBUTE, options)
    except (AttributeError, TypeError):
        # A function in C, a bound method: nothing can be attached to it, so something that can stands for it.
        @functools.wraps(function)
        def stand_in(*args: Any, **keywords: Any) -> Any:
            return function(*args, **keywords)

        setattr(stand_in, ATTRIBUTE, options)
        return cast("F", stand_in)
    return function


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ToolDefinitionError(
            f"{name!r} is no name for a tool: use at most 64 letters, digits, `_`, `.`, `-`, "
            "and start with a letter or `_`, as in `@tool(name='...')`"
        )
    return name


def _check_streaming(function: Any, options: ToolOptions) -> None:
    generates = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if options.supports_streaming is False and generates:
        raise ToolDefinitionError(
            f"tool '{options.name}' is a generator, so it streams: leave `supports_streaming=False` out, "
            "or return a list instead of yielding"
        )
