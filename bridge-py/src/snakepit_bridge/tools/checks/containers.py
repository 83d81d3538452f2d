"""Hints of values that hold others: lists, sets, tuples, dicts. Typed arrays fit where lists do."""

from __future__ import annotations

import collections
import collections.abc as abc
import re
from collections.abc import Callable
from typing import Any

from snakepit_bridge._codec import arrays
from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, expected, expected_value, shown, step

# What a hint of many items is called with.
MAKERS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Container: list,
    abc.Reversible: list,
    abc.Iterator: iter,
    set: set,
    abc.Set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
}

MAPPINGS: dict[Any, Callable[[dict[Any, Any]], Any]] = {
    dict: dict,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
    collections.OrderedDict: collections.OrderedDict,
    collections.defaultdict: dict,
    collections.Counter: collections.Counter,
    collections.ChainMap: collections.ChainMap,
}

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:Infinity|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)|NaN")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def items_of(value: Any, what: str) -> Any:
    """The items of a list, or of a typed array as plain numbers."""
    if isinstance(value, (list, tuple)):
        return value
    if arrays.is_array(value):
        items = value.tolist()
        if isinstance(items, list):
            return items
    raise expected(f"`{what}`", value)


def many(name: str, origin: Any, item: Check) -> Check:
    """A list, or what is made of one, of items that are all alike."""
    make, inner = MAKERS[origin], item.run

    def run(value: Any) -> Any:
        items = items_of(value, name)
        if not item.passes_all:
            items = each(inner, items)
        try:
            return make(items)
        except TypeError:
            raise Misfit(f"expected `{name}`, got items that cannot be in one") from None

    return Check(name, run, (list,) if make is list else ())


def each(inner: Callable[[Any], Any], items: Any) -> list[Any]:
    """The checked items."""
    done: list[Any] = []
    add = done.append
    try:
        for item in items:
            add(inner(item))
    except Misfit as fault:
        raise fault.under(f"[{len(done)}]") from fault.__cause__
    return done


def fixed(name: str, items: list[Check]) -> Check:
    """A tuple with a hint for each place."""
    runs = [item.run for item in items]

    def run(value: Any) -> tuple[Any, ...]:
        given = items_of(value, name)
        if len(given) != len(runs):
            raise Misfit(f"expected `{name}` of {len(runs)} items, got {len(given)}")
        done: list[Any] = []
        try:
            for inner, item in zip(runs, given, strict=True):
                done.append(inner(item))
        except Misfit as fault:
            raise fault.under(f"[{len(done)}]") from fault.__cause__
        return tuple(done)

    return Check(name, run)


def mapping(name: str, origin: Any, key: Check, value_check: Check, factory: Any = None) -> Check:
    """A dict. JavaScript's objects have only text for keys: it becomes what the hint wants."""
    make = MAPPINGS[origin] if factory is None else lambda items: collections.defaultdict(factory, items)
    inner = value_check.run
    read = None if key.passes_all else key_of(key)

    def run(value: Any) -> Any:
        if not isinstance(value, dict):
            raise expected(f"`{name}`", value)
        done: dict[Any, Any] = {}
        for given, item in value.items():
            try:
                own = given if read is None else read(given)
                if own in done:
                    raise Misfit(f"two keys mean {shown(own)}")
                done[own] = inner(item)
            except Misfit as fault:
                raise fault.under(step(given)) from fault.__cause__
            except TypeError:
                raise Misfit(f"expected a key that can be hashed, got {shown(given)}") from None
        return make(done)

    return Check(name, run, (dict,) if make is dict else ())


def key_of(check: Check) -> Callable[[Any], Any]:
    """The check of a key: text that the hint admits stays text, other text is read as JavaScript wrote it."""

    def run(given: Any) -> Any:
        try:
            return check.run(given)
        except Misfit as fault:
            if type(given) is str:
                for meant in _meanings(given):
                    try:
                        return check.run(meant)
                    except Misfit:
                        continue
                raise expected_value(f"a key that is `{check.name}`", given) from fault
            raise Misfit(f"key: {fault.text}") from fault

    return run


def _meanings(text: str) -> list[Any]:
    if _INTEGER.fullmatch(text):
        return [int(text)] if len(text) < 4000 else []
    if _NUMBER.fullmatch(text):
        return [float(text)]
    return [_WORDS[text]] if text in _WORDS else []
