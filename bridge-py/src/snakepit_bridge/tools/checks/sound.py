"""Which hints msgspec may check while it decodes: those of which it makes the same as the checks do, only faster."""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Union
from uuid import UUID

import msgspec

from snakepit_bridge.tools import names
from snakepit_bridge.tools.checks import models
from snakepit_bridge.tools.checks.compiler import UNIONS

_PLAIN = (
    None,
    type(None),
    Any,
    bool,
    int,
    float,
    str,
    bytes,
    bytearray,
    datetime,
    time,
    timedelta,
    date,
    Decimal,
    UUID,
)
_ITEMS = (list, set, frozenset, tuple, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)


def decodes(hint: Any) -> bool:
    """True when msgspec's decoder accepts nothing that the check refuses, and makes the same of it."""
    try:
        if not _is_sound(hint, set()):
            return False
        msgspec.msgpack.Decoder(Union[hint, msgspec.UnsetType])  # noqa: UP007 - not every hint knows `|`
    except Exception:
        return False
    return True


def _is_sound(hint: Any, seen: set[Any]) -> bool:
    if hint in _PLAIN or hint in seen:
        return True
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        bounds = [each for each in arguments[1:] if _bounds(each)]
        return all(isinstance(each, msgspec.Meta) for each in bounds) and _is_sound(arguments[0], seen)
    if origin is typing.Literal:
        return all(type(value) in (int, str) or value is None for value in arguments)
    if origin in UNIONS:
        return all(_is_sound(part, seen) for part in arguments) and _is_clear(arguments)
    kind = origin or hint
    if kind in _ITEMS:
        return all(part is ... or _is_sound(part, seen) for part in arguments)
    if kind in _DICTS:
        return not arguments or (arguments[0] in (str, Any) and _is_sound(arguments[1], seen))
    return isinstance(hint, type) and _is_sound_class(hint, {*seen, hint})


def _is_sound_class(kind: Any, seen: set[Any]) -> bool:
    if models.is_model(kind) or models.is_pydantic(kind):
        return False
    if issubclass(kind, Enum):
        values = {type(member.value) for member in kind}
        return values in ({str}, {int}) and "_missing_" not in vars(kind)
    if issubclass(kind, msgspec.Struct):
        return all(_is_sound(field.type, seen) for field in msgspec.structs.fields(kind))
    if typing.is_typeddict(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return all(_is_sound(_unqualified(hint), seen) for hint in names.members_of(kind).values())
    if hasattr(kind, "__dataclass_fields__"):
        hints = names.members_of(kind)
        return _is_plain_dataclass(kind) and all(
            _is_sound(hints[field.name], seen) for field in dataclasses.fields(kind)
        )
    return False


def _is_plain_dataclass(kind: Any) -> bool:
    """True when it is all the same whether its own `__init__` runs: msgspec sets the members by itself."""
    return (
        "__dataclass_params__" in vars(kind)
        and bool(kind.__dataclass_params__.init)
        and getattr(kind.__init__, "__module__", None) == kind.__module__
        and kind.__init__.__code__.co_filename == "<string>"
        and all(
            field._field_type.name != "_FIELD_INITVAR" and (field.init or field._field_type.name == "_FIELD_CLASSVAR")
            for field in kind.__dataclass_fields__.values()
        )
    )


def _unqualified(hint: Any) -> Any:
    while getattr(typing.get_origin(hint), "_name", None) in ("Required", "NotRequired", "ReadOnly"):
        hint = typing.get_args(hint)[0]
    return hint


def _is_clear(parts: tuple[Any, ...]) -> bool:
    """True when no value fits two alternatives: then it is all the same in which order they are tried."""
    return sum(_is_number(part) for part in parts) <= 1 or set(parts) & {int, float} == {int, float}


def _is_number(part: Any) -> bool:
    return part in (int, float, Decimal) or (isinstance(part, type) and issubclass(part, Enum))


def _bounds(metadata: object) -> bool:
    return (
        type(metadata).__module__.partition(".")[0] in ("annotated_types", "msgspec", "pydantic")
        or models.is_pydantics_metadata(metadata)
        or isinstance(metadata, msgspec.Meta)
    )
