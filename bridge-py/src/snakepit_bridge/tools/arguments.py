"""Arguments: from the bytes of a call to what the function is called with, checked against its hints."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Union, get_origin

import msgspec
from msgspec import UNSET, UnsetType, ValidationError

from snakepit_bridge._codec import arrays, extensions
from snakepit_bridge._codec.conversion import type_name
from snakepit_bridge._codec.values import decode
from snakepit_bridge.errors import InvalidParameter

_FAULT = re.compile(r"(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """A parameter as the decoder sees it."""

    name: str
    hint: Any
    required: bool
    default: Any = None
    description: str = ""
    positional: bool = False


class Binder:
    """Turns the arguments of calls to one tool into positional and keyword arguments.

    ``context_name`` names the parameter that gets the current context; ``extras`` is the hint of ``**kwargs``, or None
    for a function without.
    """

    def __init__(self, tool: str, fields: Sequence[Field], context_name: str | None = None, extras: Any = None) -> None:
        self._tool = tool
        self._names = tuple(field.name for field in fields)
        self._required = frozenset(field.name for field in fields if field.required)
        self._positional = tuple(field.name for field in fields if field.positional)
        self._context_name = context_name
        self._extras = None if extras is None else _served_hint(extras)
        self._struct = _struct(tool, fields, strict=extras is None)
        self._decode = msgspec.msgpack.Decoder(self._struct, dec_hook=_from_plain, ext_hook=extensions.read).decode

    def bind(self, data: bytes, context: object) -> tuple[Sequence[Any], dict[str, Any]]:
        """Positional and keyword arguments for the function. Raises ``InvalidParameter``."""
        try:
            given = self._decode(data or b"\x80")
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            given = self._bind_with_care(data, error)
        keywords = {name: value for name in self._names if (value := getattr(given, name)) is not UNSET}
        if self._extras is not None:
            keywords.update(self._bind_extras(data))
        if self._context_name is not None:
            keywords[self._context_name] = context
        if not self._positional:
            return (), keywords
        # A gap means that a default is wanted; what stands behind it cannot be given by position, nor by name.
        positional = []
        for name in self._positional:
            if name not in keywords:
                break
            positional.append(keywords.pop(name))
        stranded = [name for name in self._positional if name in keywords]
        if stranded:
            raise self._fault(f"parameter `{stranded[0]}` can only be given together with those before it")
        return positional, keywords

    def _bind_with_care(self, data: bytes, error: Exception) -> Any:
        raw = decode(data or b"\x80")
        if not isinstance(raw, dict):
            raise self._fault(f"expected a map of arguments, got `{type_name(raw)}`") from error
        self._check_names(raw)
        try:
            # A typed decoder refuses extension types where a plain type is wanted: a big integer for an `int`.
            return msgspec.convert(raw, self._struct, dec_hook=_from_plain)
        except ValidationError as fault:
            raise self._describe(fault) from fault
        except RecursionError as fault:
            raise self._fault("the arguments are nested too deep") from fault

    def _check_names(self, raw: Mapping[str, Any]) -> None:
        unknown = [name for name in raw if name not in self._names] if self._extras is None else []
        missing = [name for name in self._names if name in self._required and name not in raw]
        faults = [f"missing parameter{'s' if len(missing) > 1 else ''} {_listed(missing)}"] if missing else []
        for name in unknown:
            close = difflib.get_close_matches(str(name), self._names, 1)
            hint = (
                f", did you mean `{close[0]}`?"
                if close
                else f"; it takes {_listed(self._names)}"
                if self._names
                else ""
            )
            faults.append(f"unknown parameter `{name}`{hint}")
        if faults:
            raise self._fault("; ".join(faults))

    def _bind_extras(self, data: bytes) -> dict[str, Any]:
        bound: dict[str, Any] = {}
        for name, value in decode(data or b"\x80").items():
            if name in self._names:
                continue
            try:
                bound[name] = msgspec.convert(value, self._extras, dec_hook=_from_plain)
            except ValidationError as fault:
                raise self._describe(fault, name) from fault
        return bound

    def _describe(self, fault: ValidationError, parameter: str = "") -> InvalidParameter:
        match = _FAULT.fullmatch(str(fault))
        text, inner = (match["text"], match["path"] or "") if match else (str(fault), "")
        path = f"{parameter}{inner}".lstrip(".")
        text = text[:1].lower() + text[1:]
        return self._fault(f"parameter `{path}`: {text}" if path else text, {"parameter": path} if path else {})

    def _fault(self, text: str, details: Mapping[str, str] | None = None) -> InvalidParameter:
        return InvalidParameter(f"tool '{self._tool}': {text}", details={"tool": self._tool, **(details or {})})


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _struct(tool: str, fields: Sequence[Field], *, strict: bool) -> type[Any]:
    # Defaults stay with the function: a parameter that was not given is not passed.
    return msgspec.defstruct(
        f"arguments_of_{re.sub(r'[^A-Za-z0-9_]', '_', tool)}",
        [
            (field.name, _served_hint(field.hint))
            if field.required
            else (field.name, _or_unset(_served_hint(field.hint)), UNSET)
            for field in fields
        ],
        kw_only=True,
        forbid_unknown_fields=strict,
    )


def _served_hint(hint: Any) -> Any:
    """The hint where msgspec can check it, else ``Any``."""
    try:
        msgspec.msgpack.Decoder(_or_unset(hint))
    except Exception:
        return Any
    return hint


def _or_unset(hint: Any) -> Any:
    return Union[hint, UnsetType]  # noqa: UP007 - not every hint knows `|`


def _from_plain(kind: Any, value: Any) -> Any:
    """A value where the hint is a class that msgspec does not know. msgspec adds the path to what is raised here."""
    origin = get_origin(kind) or kind
    if isinstance(value, origin):
        return value
    if issubclass(origin, PurePath) and isinstance(value, str):
        return origin(value)
    if callable(getattr(origin, "model_validate", None)):
        return origin.model_validate(value)
    if origin is complex and isinstance(value, (int, float)):
        return complex(value)
    numpy = arrays.loaded_numpy()
    if numpy is not None:
        if origin is numpy.ndarray and isinstance(value, (list, tuple)):
            return numpy.asarray(value)
        if issubclass(origin, numpy.generic) and isinstance(value, (bool, int, float, str)):
            return origin(value)
    raise ValidationError(f"Expected `{getattr(origin, '__name__', origin)}`, got `{type_name(value)}`")
