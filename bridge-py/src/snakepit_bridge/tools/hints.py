"""Type hints: as text for the reader, as types for the decoder, and what they say about streaming."""

from __future__ import annotations

import collections.abc
import inspect
import sys
import typing
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_SYNC = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)
_ASYNC = (collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator)


def texts(function: Callable[..., Any]) -> dict[str, str]:
    """Each hint as it is written, by parameter name (``return`` for the result)."""
    return {
        name: hint if isinstance(hint, str) else inspect.formatannotation(hint) for name, hint in _raw(function).items()
    }


def resolved(function: Callable[..., Any]) -> dict[str, Any]:
    """Each hint as a type. Hints that cannot be evaluated (names that only a type checker sees) become ``Any``."""
    function = _underlying(function)
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:
        names = function.__globals__
        return {name: _resolve(hint, names) for name, hint in _raw(function).items()}


def streams_sync(hint: Any) -> bool:
    """True for Iterator, Iterable, Generator, of anything."""
    return (typing.get_origin(hint) or hint) in _SYNC


def streams_async(hint: Any) -> bool:
    """True for AsyncIterator, AsyncIterable, AsyncGenerator, of anything."""
    return (typing.get_origin(hint) or hint) in _ASYNC


def never_streams(hint: Any) -> bool:
    """True for hints of plain values: a class that is no iterator."""
    origin = typing.get_origin(hint) or hint
    if origin in (Any, object):
        return False
    return origin is None or (isinstance(origin, type) and not hasattr(origin, "__next__") and origin not in _SYNC)


def chunk_of(hint: Any) -> Any:
    """The type of each item of an iterator hint; ``Any`` where it does not say."""
    arguments = typing.get_args(hint)
    return arguments[0] if arguments and (streams_sync(hint) or streams_async(hint)) else Any


def result_of_stream(hint: Any) -> Any:
    """The type that a generator returns in the end; ``Any`` where the hint does not say."""
    arguments = typing.get_args(hint)
    return arguments[2] if typing.get_origin(hint) is collections.abc.Generator and len(arguments) > 2 else Any


def _underlying(function: Any) -> Any:
    return inspect.unwrap(getattr(function, "__func__", function))


def _raw(function: Callable[..., Any]) -> dict[str, Any]:
    function = _underlying(function)
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(function, format=Format.STRING)
    return dict(getattr(function, "__annotations__", {}))


def _resolve(hint: Any, names: dict[str, Any]) -> Any:
    carrier = SimpleNamespace(__annotations__={"hint": hint})
    try:
        return typing.get_type_hints(carrier, globalns=names, include_extras=True)["hint"]
    except Exception:
        return Any
