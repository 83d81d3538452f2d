"""The tools among the members of a module and of an adapter's instance."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools import layers
from snakepit_bridge.tools.decorator import ToolOptions, options_of
from snakepit_bridge.tools.discovery import inspect_tool
from snakepit_bridge.tools.spec import ToolSpec

if TYPE_CHECKING:
    from snakepit_bridge.base_adapter import BaseAdapter

_PROPERTIES = (property, functools.cached_property)


def tools_of_module(module: ModuleType) -> Iterator[ToolSpec]:
    """The tools among what a module defines or imports."""
    seen: set[int] = set()
    for member in list(vars(module).values()):
        options = options_of(member)
        # The same function under two names is one tool.
        if options is not None and id(member) not in seen:
            seen.add(id(member))
            yield inspect_tool(member, options)


def tools_of_instance(instance: BaseAdapter) -> Iterator[ToolSpec]:
    """The methods of an adapter that are tools. One that overrides a tool is a tool as well, with its options."""
    kind = type(instance)
    seen: set[int] = set()
    # From the class: looking at an instance would run its properties.
    for name in {name: None for each in reversed(kind.__mro__) for name in vars(each)}:
        static = inspect.getattr_static(kind, name)
        options = _options(kind, name, static)
        if options is None or id(static) in seen:
            continue
        seen.add(id(static))
        member = getattr(instance, name)
        if isinstance(member, MethodType):
            _check_self(member, options)
        yield inspect_tool(member, options, _served(name, static, member, instance, options))


def _options(kind: type, name: str, static: Any) -> ToolOptions | None:
    inner = getattr(static, "fget", None) or getattr(static, "func", None)
    if isinstance(static, _PROPERTIES) and options_of(inner) is not None:
        raise ToolDefinitionError(
            f"`{kind.__qualname__}.{name}` is a property, and a tool has to be called: make it a method"
        )
    if isinstance(static, functools.singledispatchmethod) and options_of(inner) is not None:
        raise ToolDefinitionError(
            f"`{kind.__qualname__}.{name}` is a `singledispatchmethod`, which has no signature of its own: let the "
            "tool be a plain method that calls it"
        )
    own = options_of(static)
    if own is None and not inspect.isroutine(static):
        return None
    overridden = (options_of(vars(each)[name]) for each in kind.__mro__ if name in vars(each))
    return own or next((options for options in overridden if options is not None), None)


def _served(name: str, static: Any, member: Any, instance: BaseAdapter, options: ToolOptions) -> Callable[..., Any]:
    """What calls run: something that can be bound to another instance of the adapter."""
    if isinstance(static, (staticmethod, classmethod)) or isinstance(member, MethodType):
        return cast("Callable[..., Any]", member)
    if not hasattr(type(static), "__get__"):
        raise ToolDefinitionError(
            f"tool '{options.name}': its decorator `{type(static).__qualname__}` has no `__get__`, so that the method "
            "is called without `self`: give it one, or make the decorator a function"
        )

    def by_name(self: Any, *args: Any, **keywords: Any) -> Any:
        return getattr(self, name)(*args, **keywords)

    return MethodType(by_name, instance)


def _check_self(method: MethodType, options: ToolOptions) -> None:
    function = layers.innermost(method)
    if not isinstance(function, FunctionType) or isinstance(method.__self__, type):
        return
    parameters = list(inspect.signature(function).parameters.values()) if _is_readable(function) else []
    first = parameters[0] if parameters else None
    if first is not None and first.kind is first.POSITIONAL_OR_KEYWORD:
        hinted = first.annotation is not first.empty and first.name != "self"
        if not hinted and first.default is first.empty:
            return
    elif first is not None and first.kind is not first.KEYWORD_ONLY:
        return
    raise ToolDefinitionError(
        f"tool '{options.name}' is a method without `self` ({layers.place_of(method)}): put `self` before its "
        "parameters, or `@staticmethod` on it"
    )


def _is_readable(function: FunctionType) -> bool:
    return function.__code__.co_argcount + function.__code__.co_kwonlyargcount > 0
