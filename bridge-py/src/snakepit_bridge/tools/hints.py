"""Type hints of results: what they say about streaming."""

from __future__ import annotations

import collections.abc
import typing
from typing import Any

_SYNC = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)
_ASYNC = (collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator)


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
