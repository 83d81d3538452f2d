"""Type hints of a function: what they stand for, and what that of its result says about streaming."""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Callable
from inspect import Signature
from types import MethodType
from typing import Any

from snakepit_bridge.tools import layers, names
from snakepit_bridge.tools.signature import signature_of

_SYNC = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)
_ASYNC = (collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator)


def resolved(function: Callable[..., Any], signature: Signature | None = None) -> dict[str, Any]:
    """Each hint as a type, by parameter name (``return`` for the result), as its author's module and class see it."""
    signature = signature or signature_of(function)
    owner = type(function.__self__) if isinstance(function, MethodType) else None
    written = layers.innermost(function)
    space = names.of_function(written, owner) if inspect.isfunction(written) else names.Namespace({})
    values = names.values_of_parameters(owner) if owner is not None else {}
    annotations = {parameter.name: parameter.annotation for parameter in signature.parameters.values()}
    return {
        name: names.substitute(names.evaluate(annotation, space), values)
        for name, annotation in {**annotations, "return": signature.return_annotation}.items()
        if annotation is not signature.empty
    }


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
