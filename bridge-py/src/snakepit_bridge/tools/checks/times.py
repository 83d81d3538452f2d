"""Hints of dates, times and durations, which arrive as ISO 8601 text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, TypeVar

import msgspec

from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import expected, expected_value

T = TypeVar("T")


def _datetime(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return _from_text(value, datetime, "as ISO 8601 text", datetime.fromisoformat)


def _date(value: Any) -> date:
    # A `Date` of JavaScript is an instant; its day is that of UTC, in which it arrives.
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).date()
    return _from_text(value, date, "as text, YYYY-MM-DD")


def _time(value: Any) -> time:
    return _from_text(value, time, "as text, HH:MM:SS", time.fromisoformat)


def _timedelta(value: Any) -> timedelta:
    return _from_text(value, timedelta, "as ISO 8601 text, PT1.5S")


def _from_text(value: Any, kind: type[T], form: str, otherwise: Callable[[str], T] | None = None) -> T:
    """Reads a text by msgspec, and what msgspec refuses by ``otherwise``."""
    name = f"`{kind.__name__}`"
    if type(value) is not str:
        raise expected(name, value)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        pass
    try:
        if otherwise is not None:
            return otherwise(value)
    except ValueError:
        pass
    raise expected_value(f"{name} ({form})", value)


TIMES: dict[Any, Check] = {
    datetime: Check("datetime", _datetime, (datetime,)),
    date: Check("date", _date),
    time: Check("time", _time),
    timedelta: Check("timedelta", _timedelta),
}
