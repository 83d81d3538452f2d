"""``@tool``: marks a function as callable from the host and leaves the function itself as it is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar, overload

from snakepit_bridge.errors import ToolDefinitionError

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
        plain = _plain(function)
        options = ToolOptions(
            name=_checked_name(plain.__name__ if name is None else name),
            description=description,
            supports_streaming=supports_streaming,
            metadata=MappingProxyType({str(key): str(value) for key, value in (metadata or {}).items()}),
        )
        _check_signature(plain, options)
        setattr(plain, ATTRIBUTE, options)
        return function

    return mark if function is None else mark(function)


def options_of(candidate: object) -> ToolOptions | None:
    """What ``@tool`` attached to a function or method, if anything. Not fooled by objects that answer to every name."""
    options = getattr(candidate, ATTRIBUTE, None) if inspect.isroutine(candidate) else None
    return options if isinstance(options, ToolOptions) else None


def _plain(function: Any) -> Any:
    if isinstance(function, (staticmethod, classmethod)):
        function = function.__func__
    if not inspect.isfunction(function):
        raise ToolDefinitionError(f"@tool expects a function, got {type(function).__name__}: put it on a `def`")
    return function


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ToolDefinitionError(
            f"{name!r} is no name for a tool: use at most 64 letters, digits, `_`, `.`, `-`, "
            "and start with a letter or `_`"
        )
    return name


def _check_signature(function: Callable[..., Any], options: ToolOptions) -> None:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise ToolDefinitionError(
                f"tool '{options.name}' takes `*{parameter.name}`, but arguments are sent by name: "
                f"take a list, `{parameter.name}: list[...]`, instead"
            )
    generates = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if options.supports_streaming is False and generates:
        raise ToolDefinitionError(
            f"tool '{options.name}' is a generator, so it streams: leave `supports_streaming=False` out, "
            "or return a list instead of yielding"
        )
