"""``Annotated`` with bounds: those of annotated_types and of msgspec. Neither needs to be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, shown

_Bound = tuple[Callable[[Any], Any], str]

_HOMES = ("annotated_types", "msgspec")


def is_bound(metadata: object) -> bool:
    """True for metadata that bounds what a value may be, in a way that is known here."""
    return type(metadata).__module__.partition(".")[0] in _HOMES


def constrained(check: Check, metadata: Iterable[Any]) -> Check:
    """The check, and then each bound."""
    bounds = [bound for each in metadata for bound in _bounds(each)]
    if not bounds:
        return check

    def run(value: Any) -> Any:
        fit = check.run(value)
        for holds, what in bounds:
            try:
                held = holds(fit)
            except Exception as error:
                raise Misfit(f"expected `{check.name}` {what}, got {shown(fit)}: {error}") from error
            if not held:
                raise Misfit(f"expected `{check.name}` {what}, got {shown(fit)}")
        return fit

    return Check(check.name, run, check.natural, check.finite, check.members)


def _bounds(metadata: Any) -> list[_Bound]:
    if not is_bound(metadata):
        return []
    kind = type(metadata).__name__
    if kind == "Interval" or (kind == "Len" and hasattr(type(metadata), "__iter__")):
        return [bound for each in metadata for bound in _bounds(each)]
    found = [(holds(limit), what.format(limit)) for name, holds, what in _LIMITS if (limit := _get(metadata, name))]
    if kind == "Predicate":
        name = getattr(metadata.func, "__name__", "")
        found.append((metadata.func, f"that holds for {'the predicate' if name in ('', '<lambda>') else f'`{name}`'}"))
    if kind == "Not":
        found.append((lambda value: not metadata.func(value), "that does not hold for the predicate"))
    return found


class _Limit:
    """A limit that is given; it may well be 0."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __format__(self, _: str) -> str:
        return repr(self.value)


def _get(metadata: Any, name: str) -> _Limit | None:
    value = getattr(metadata, name, None)
    return None if value is None else _Limit(value)


_LIMITS: list[tuple[str, Callable[[_Limit], Callable[[Any], Any]], str]] = [
    ("gt", lambda limit: lambda value: value > limit.value, "> {}"),
    ("ge", lambda limit: lambda value: value >= limit.value, ">= {}"),
    ("lt", lambda limit: lambda value: value < limit.value, "< {}"),
    ("le", lambda limit: lambda value: value <= limit.value, "<= {}"),
    ("multiple_of", lambda limit: lambda value: value % limit.value == 0, "that is a multiple of {}"),
    ("min_length", lambda limit: lambda value: len(value) >= limit.value, "of length >= {}"),
    ("max_length", lambda limit: lambda value: len(value) <= limit.value, "of length <= {}"),
    ("pattern", lambda limit: lambda value: re.search(limit.value, value), "that matches {}"),
    (
        "tz",
        lambda limit: lambda value: limit.value is ... or (value.tzinfo is not None) is bool(limit.value),
        "with the time zone that `{}` says",
    ),
]
