"""Hints of single values: numbers, text, bytes, and what is written as text."""

from __future__ import annotations

import array
import ipaddress
import os
import re
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

from snakepit_bridge._codec import arrays
from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, expected, expected_value, shown, text_of
from snakepit_bridge.tools.checks.times import TIMES


def scalar(kind: type) -> Check | None:
    """The check of a class of single values; None for any other class."""
    found = _CHECKS.get(kind)
    if found is not None:
        return found
    if issubclass(kind, Enum):
        return Check(text_of(kind), _member_of(kind), finite=True)
    if issubclass(kind, PurePath):
        return Check(text_of(kind), _from_text(kind, "`str` (a path)"))
    return None


def literal(values: tuple[Any, ...]) -> Check:
    """One of some values. ``True`` is no ``1`` here."""
    admitted = [(value.value if isinstance(value, Enum) else value, value) for value in values]
    what = _one_of([plain for plain, _ in admitted])

    def run(value: Any) -> Any:
        for plain, meant in admitted:
            if value == plain and isinstance(value, bool) is isinstance(plain, bool) and _comparable(value):
                return meant
        raise expected_value(what, value)

    return Check(what, run, finite=True)


def _comparable(value: Any) -> bool:
    return isinstance(value, (str, int, float, bytes)) or value is None


def _one_of(values: list[Any]) -> str:
    texts = [repr(value) for value in values[:8]] + (["…"] if len(values) > 8 else [])
    return texts[0] if len(texts) == 1 else f"one of {', '.join(texts)}"


def _none(value: Any) -> None:
    if value is not None:
        raise expected("`None`", value)


def _bool(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise expected("`bool`", value)


def _int(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise expected("`int`", value)


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is not int:
        raise expected("`float`", value)
    try:
        return float(value)
    except OverflowError:
        raise Misfit("expected `float`, got an integer beyond its range") from None


def _complex(value: Any) -> complex:
    if type(value) in (int, float):
        return complex(_float(value))
    raise expected("`complex`", value)


def _decimal(value: Any) -> Decimal:
    if type(value) not in (int, float, str):
        raise expected("`Decimal`", value)
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise expected_value("`Decimal`", value) from None


def _str(value: Any) -> str:
    if type(value) is str:
        return value
    raise expected("`str`", value)


def _bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    octets = arrays.octets(value)
    if octets is None:
        raise expected("`bytes`", value)
    return octets


def _bytearray(value: Any) -> bytearray:
    return bytearray(_bytes(value))


def _memoryview(value: Any) -> memoryview:
    if isinstance(value, bytes) or arrays.is_array(value):
        return memoryview(value)
    raise expected("`memoryview`", value)


def _array(value: Any) -> array.array[Any]:
    if isinstance(value, bytes):
        return array.array("B", value)
    if arrays.is_array(value):
        code = memoryview(value).format
        if len(value.shape) == 1 and code in array.typecodes:
            return array.array(code, memoryview(value).cast("B").tobytes())
    elif isinstance(value, list) and all(type(item) in (int, float) for item in value):
        try:
            return array.array("q" if all(type(item) is int for item in value) else "d", value)
        except OverflowError:
            raise Misfit("expected numbers that an `array` can hold") from None
    raise expected("`array` of numbers", value)


def _uuid(value: Any) -> uuid.UUID:
    try:
        if type(value) is str:
            return uuid.UUID(value)
        if type(value) is bytes:
            return uuid.UUID(bytes=value)
    except ValueError:
        raise expected_value("`UUID`", value) from None
    raise expected("`UUID`", value)


def _from_text(make: Callable[[str], Any], what: str) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        if type(value) is not str:
            raise expected(what, value)
        try:
            return make(value)
        except Exception as error:
            raise Misfit(f"expected {what}, got {shown(value)}: {error}") from error

    return run


def _member_of(kind: type[Enum]) -> Callable[[Any], Any]:
    what = f"{_one_of([member.value for member in kind])} (`{text_of(kind)}`)"
    with_bools = any(isinstance(member.value, bool) for member in kind)

    def run(value: Any) -> Any:
        if isinstance(value, list):
            value = tuple(value)
        try:
            if not isinstance(value, bool) or with_bools:
                return kind(value)
        except (ValueError, TypeError, KeyError):
            pass
        raise expected_value(what, value)

    return run


def _texts(*kinds: Any) -> dict[Any, Check]:
    return {kind: Check(kind.__name__, _from_text(kind, f"`{kind.__name__}` (as text)")) for kind in kinds}


_CHECKS: dict[Any, Check] = {
    type(None): Check("None", _none, (type(None),), finite=True),
    bool: Check("bool", _bool, (bool,)),
    int: Check("int", _int, (int,)),
    float: Check("float", _float, (float,)),
    complex: Check("complex", _complex),
    Decimal: Check("Decimal", _decimal),
    str: Check("str", _str, (str,)),
    bytes: Check("bytes", _bytes, (bytes,)),
    bytearray: Check("bytearray", _bytearray),
    memoryview: Check("memoryview", _memoryview, (memoryview,)),
    array.array: Check("array", _array),
    **TIMES,
    uuid.UUID: Check("UUID", _uuid),
    os.PathLike: Check("PathLike", _from_text(Path, "`str` (a path)")),
    re.Pattern: Check("Pattern", _from_text(re.compile, "`Pattern` (as text)")),
    **_texts(
        Fraction,
        zoneinfo.ZoneInfo,
        ipaddress.IPv4Address,
        ipaddress.IPv6Address,
        ipaddress.IPv4Network,
        ipaddress.IPv6Network,
        ipaddress.IPv4Interface,
        ipaddress.IPv6Interface,
    ),
}
