"""Hints of classes with named members: dataclasses, TypedDicts, NamedTuples, attrs classes, msgspec structs."""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from snakepit_bridge.tools import names
from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, expected, step, text_of

if TYPE_CHECKING:
    from snakepit_bridge.tools.checks.compiler import Compiler

_FAULT = re.compile(r"(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Member:
    """One member of a record: as it comes, as the class takes it, and its check."""

    name: str
    keyword: str
    check: Check
    required: bool


def record(kind: Any, hint: Any, compiler: Compiler) -> Check | None:
    """The check of a class with members; None for any other class. ``hint`` is the class, or ``Box[int]`` for it."""
    if issubclass(kind, msgspec.Struct):
        return _struct(kind, hint, compiler)
    if typing.is_typeddict(kind):
        return _record(text_of(hint), _typed_dict(kind, hint, compiler), dict)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _named_tuple(kind, hint, compiler)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, hint, compiler)
    if hasattr(kind, "__attrs_attrs__"):
        return _record(text_of(hint), _attrs(kind, hint, compiler), kind)
    return None


def typed_dict_members(hint: Any) -> dict[str, tuple[Any, bool]]:
    """The members of a TypedDict: the hint of each, and whether it is required."""
    kind = typing.get_origin(hint) or hint
    values = names.values_of_parameters(hint)
    found: dict[str, tuple[Any, bool]] = {}
    for name, member in names.members_of(kind).items():
        required, inner = name in kind.__required_keys__, member
        while (qualifier := _qualifier(inner)) is not None:
            required = {"Required": True, "NotRequired": False}.get(qualifier, required)
            inner = typing.get_args(inner)[0]
        found[name] = (names.substitute(inner, values), required)
    return found


def with_null(hint: Any, default: object) -> Any:
    """A default of ``None`` admits null, whatever the hint says."""
    return typing.Optional[hint] if default is None else hint  # noqa: UP045 - not every hint knows `|`


def _qualifier(hint: Any) -> str | None:
    name = getattr(typing.get_origin(hint), "_name", None)
    return name if name in ("Required", "NotRequired", "ReadOnly") else None


def _record(name: str, members: list[Member], make: Callable[..., Any]) -> Check:
    known = frozenset(member.name for member in members)
    plan = [(member.name, member.keyword, member.check.run, member.required) for member in members]

    def run(value: Any) -> Any:
        if not isinstance(value, dict):
            raise expected(f"`{name}`", value)
        given: dict[str, Any] = {}
        for member, keyword, check, required in plan:
            if member in value:
                try:
                    given[keyword] = check(value[member])
                except Misfit as fault:
                    raise fault.under(step(member)) from fault.__cause__
            elif required:
                raise _missing(name, member, value, known).under(step(member))
        return made(name, make, **given)

    return Check(name, run, members=known)


def made(name: str, make: Callable[..., Any], /, *values: Any, **members: Any) -> Any:
    """The instance. What a class says against its values is a misfit like any other."""
    try:
        return make(*values, **members)
    except Exception as error:
        raise Misfit(f"`{name}` refuses it: {type(error).__name__}: {error}") from error


def _missing(name: str, member: str, value: dict[Any, Any], known: frozenset[str]) -> Misfit:
    unknown = [key for key in value if isinstance(key, str) and key not in known]
    close = difflib.get_close_matches(member, unknown, 1)
    return Misfit(f"missing, `{name}` requires it{f': is `{close[0]}` meant?' if close else ''}")


def _dataclass(kind: Any, hint: Any, compiler: Compiler) -> Check:
    hints, values = names.members_of(kind), names.values_of_parameters(hint)
    members = []
    for field in kind.__dataclass_fields__.values():
        if field._field_type.name == "_FIELD_CLASSVAR" or not field.init:
            continue
        inner = hints.get(field.name, Any)
        inner = inner.type if isinstance(inner, dataclasses.InitVar) else inner
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        check = compiler.check(with_null(names.substitute(inner, values), field.default))
        members.append(Member(field.name, field.name, check, required))
    return _record(text_of(hint), members, kind)


def _typed_dict(kind: Any, hint: Any, compiler: Compiler) -> list[Member]:
    members = typed_dict_members(hint if typing.get_origin(hint) else kind)
    return [Member(name, name, compiler.check(inner), required) for name, (inner, required) in members.items()]


def _attrs(kind: Any, hint: Any, compiler: Compiler) -> list[Member]:
    hints, values = names.members_of(kind), names.values_of_parameters(hint)
    members = []
    for field in kind.__attrs_attrs__:
        if not field.init:
            continue
        keyword = getattr(field, "alias", None) or field.name.lstrip("_")
        # A converter takes what it likes, and gives what the hint says.
        inner = Any if field.converter else names.substitute(hints.get(field.name, field.type or Any), values)
        required = type(field.default).__name__ == "_Nothing" or str(field.default) == "NOTHING"
        members.append(Member(keyword, keyword, compiler.check(with_null(inner, field.default)), required))
    return members


def _named_tuple(kind: Any, hint: Any, compiler: Compiler) -> Check:
    hints, values = names.members_of(kind), names.values_of_parameters(hint)
    defaults = kind._field_defaults
    members = []
    for name in kind._fields:
        inner = names.substitute(hints.get(name, Any), values)
        check = compiler.check(with_null(inner, defaults.get(name, ...)))
        members.append(Member(name, name, check, name not in defaults))
    required = len(members) - len(defaults)
    from_dict = _record(text_of(hint), members, kind)

    def run(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return from_dict.run(value)
        if not required <= len(value) <= len(members):
            raise Misfit(f"expected `{from_dict.name}` of {required} to {len(members)} items, got {len(value)}")
        given = {}
        for index, (member, item) in enumerate(zip(members, value, strict=False)):
            try:
                given[member.keyword] = member.check.run(item)
            except Misfit as fault:
                raise fault.under(f"[{index}]") from fault.__cause__
        return made(from_dict.name, kind, **given)

    return dataclasses.replace(from_dict, run=run)


def _struct(kind: Any, hint: Any, compiler: Compiler) -> Check:
    def other(inner: Any, value: Any) -> Any:
        try:
            return compiler.check(inner).run(value)
        except Misfit as fault:
            raise ValueError(fault.text) from fault

    def run(value: Any) -> Any:
        try:
            return msgspec.convert(value, hint, dec_hook=other, builtin_types=(bytes, bytearray, memoryview))
        except msgspec.ValidationError as error:
            match = _FAULT.fullmatch(str(error))
            text, path = (match["text"], match["path"] or "") if match else (str(error), "")
            raise Misfit(text[:1].lower() + text[1:]).under(path) from error

    msgspec.msgpack.Decoder(hint)  # what msgspec cannot serve, it says here
    tag = kind.__struct_config__.tag_field
    fields = {*kind.__struct_encode_fields__, *([tag] if tag else [])}
    return Check(text_of(hint), run, members=frozenset(fields) if not kind.__struct_config__.array_like else None)
