"""What stands inside a decorated function: wrapper by wrapper, to the function that its author wrote."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any

from snakepit_bridge._protocol.enums import ToolKind

# More wrappers than anybody writes: a circle.
_MOST = 100

# What wrappers call that wait for a coroutine themselves.
_WAITS = {"run", "run_until_complete", "run_coroutine_threadsafe", "async_to_sync", "start"}


def layers(candidate: Any) -> Iterator[Any]:
    """The candidate and what it wraps, from the outside. Nothing of the user's is run."""
    for _ in range(_MOST):
        yield candidate
        candidate = _inner(candidate)
        if candidate is None:
            return


def innermost(candidate: Any) -> Any:
    """The function that the author wrote; for a callable object, the function of its ``__call__``."""
    inner = list(layers(candidate))[-1]
    call = called(inner)
    return call if call is inner else getattr(call, "__func__", call)


def called(layer: Any) -> Any:
    """What runs when a layer is called: itself, or the ``__call__`` of an object that is no function."""
    if inspect.isroutine(layer) or isinstance(layer, (functools.partial, type)):
        return layer
    call = inspect.getattr_static(type(layer), "__call__", None)
    return MethodType(call, layer) if isinstance(call, FunctionType) else layer


def own_dict(layer: Any) -> dict[str, Any]:
    """The attributes that an object has itself. Not fooled by objects that answer to every name."""
    try:
        found = object.__getattribute__(layer, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}


def kind_of(candidate: Any) -> ToolKind:
    """How a function gives its results: the outermost layer that says so decides."""
    outer: list[Any] = []
    for layer in layers(candidate):
        call = called(layer)
        kind = _own_kind(call)
        if kind is ToolKind.COROUTINE and any(_waits(each) for each in outer):
            return ToolKind.FUNCTION
        if kind is not ToolKind.FUNCTION:
            return ToolKind.FUNCTION if any(_manages_context(each) for each in outer) else kind
        outer.append(call)
    return ToolKind.FUNCTION


def docstring(candidate: Any) -> str | None:
    """The docstring of the outermost function that has one: objects only have that of their class."""
    calls = (called(layer) for layer in layers(candidate))
    found = (call.__doc__ for call in calls if inspect.isroutine(call))
    return next((text for text in found if isinstance(text, str) and text), None)


def name_of(candidate: Any) -> str | None:
    """The name of the outermost layer that has one."""
    for layer in layers(candidate):
        name = getattr(layer, "__name__", None) if inspect.isroutine(layer) else own_dict(layer).get("__name__")
        if isinstance(name, str):
            return name
    return None


def mangling_of(candidate: Any) -> str:
    """What Python puts before parameters named ``__x`` in a method: ``_Model`` in a class ``Model``."""
    parts = getattr(innermost(candidate), "__qualname__", "").split(".")
    return f"_{parts[-2].lstrip('_')}" if len(parts) > 1 and parts[-2] != "<locals>" else ""


def place_of(candidate: Any) -> str:
    """Where the function is written: ``tools.py:12``; empty where there is no source."""
    code = getattr(innermost(candidate), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def _inner(layer: Any) -> Any:
    if isinstance(layer, (MethodType, staticmethod, classmethod)):
        return layer.__func__
    if isinstance(layer, (functools.partial, functools.partialmethod)):
        return layer.func
    return own_dict(layer).get("__wrapped__")


def _own_kind(call: Callable[..., Any]) -> ToolKind:
    if inspect.isasyncgenfunction(call):
        return ToolKind.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(call):
        return ToolKind.GENERATOR
    return ToolKind.COROUTINE if inspect.iscoroutinefunction(call) else ToolKind.FUNCTION


def _waits(wrapper: Any) -> bool:
    code = getattr(wrapper, "__code__", None)
    return code is not None and not _WAITS.isdisjoint(code.co_names)


def _manages_context(wrapper: Any) -> bool:
    code = getattr(wrapper, "__code__", None)
    return code is not None and code.co_filename == contextlib.contextmanager.__code__.co_filename
