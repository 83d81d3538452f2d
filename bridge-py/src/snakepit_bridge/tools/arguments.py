"""Arguments: from the bytes of a call to what the function is called with, checked against its hints."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

import msgspec
from msgspec import UNSET, UnsetType

from snakepit_bridge._codec import extensions
from snakepit_bridge._codec.conversion import type_name
from snakepit_bridge._codec.values import decode
from snakepit_bridge.errors import InvalidParameter
from snakepit_bridge.tools.checks import sound
from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.compiler import Compiler
from snakepit_bridge.tools.checks.misfit import Misfit, step


@dataclass(frozen=True)
class Field:
    """A parameter as the caller sees it. ``keyword`` is its name in the function, where that is another one."""

    name: str
    hint: Any
    required: bool
    default: Any = None
    description: str = ""
    positional: bool = False
    keyword: str = ""


class Binder:
    """Turns the arguments of calls to one tool into positional and keyword arguments.

    ``context_name`` names the parameter that gets the current context; ``extras`` is the hint of ``**kwargs``, or None
    for a function without. ``unchecked`` tells why parameters take anything, though their hints say more: by name, and
    ``**`` for those without one.
    """

    def __init__(self, tool: str, fields: Sequence[Field], context_name: str | None = None, extras: Any = None) -> None:
        self._tool = tool
        self._names = tuple(field.name for field in fields)
        self._keywords = tuple(field.keyword or field.name for field in fields)
        self._required = frozenset(field.name for field in fields if field.required)
        self._positional = tuple(field.keyword or field.name for field in fields if field.positional)
        self._context_name = context_name
        self._checks: dict[str, Check] = {}
        self.unchecked: dict[str, str] = {}
        for field in fields:
            compiler = Compiler()
            self._checks[field.name] = compiler.check(field.hint)
            if compiler.unchecked:
                self.unchecked[field.name] = "; ".join(compiler.unchecked)
        compiler = Compiler()
        self._extras = None if extras is None else compiler.check(extras)
        if compiler.unchecked:
            self.unchecked["**"] = "; ".join(compiler.unchecked)
        # What msgspec checks well is checked while it is decoded; the others afterwards.
        fast = {field.name: sound.decodes(field.hint) for field in fields}
        self._later = tuple(
            (field.name, field.keyword or field.name, self._checks[field.name].run)
            for field in fields
            if not fast[field.name] and not self._checks[field.name].passes_all
        )
        self._places = tuple((name, _place(name)) for name in self._keywords)
        self._struct = _struct(tool, [(field, field.hint if fast[field.name] else Any) for field in fields])
        self._decode = msgspec.msgpack.Decoder(self._struct, ext_hook=extensions.read).decode

    def bind(self, data: bytes, context: object) -> tuple[Sequence[Any], dict[str, Any]]:
        """Positional and keyword arguments for the function. Raises ``InvalidParameter``."""
        if self._extras is None:
            try:
                given = self._decode(data or b"\x80")
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                keywords = self._bind_with_care(data, error)
            else:
                keywords = {name: value for name, at in self._places if (value := getattr(given, at)) is not UNSET}
                if self._later:
                    self._check_later(keywords)
        else:
            keywords = self._bind_with_care(data, None)
        if self._context_name is not None:
            keywords[self._context_name] = context
        return self._placed(keywords) if self._positional else ((), keywords)

    def _check_later(self, keywords: dict[str, Any]) -> None:
        for name, keyword, check in self._later:
            if keyword in keywords:
                keywords[keyword] = self._checked(name, check, keywords[keyword])

    def _checked(self, name: str, check: Any, value: Any) -> Any:
        try:
            return check(value)
        except Misfit as fault:
            path = f"{name}{fault.path}"
            details = {"parameter": name, "path": path}
            raise self._fault(f"parameter `{path}`: {fault.text}", details) from fault.__cause__
        except RecursionError as error:
            raise self._fault(f"parameter `{name}`: the value is nested too deep", {"parameter": name}) from error

    def _bind_with_care(self, data: bytes, error: Exception | None) -> dict[str, Any]:
        """Every check by itself: a decoder with types knows no big integers, no arrays, and not where a fault is."""
        raw = decode(data or b"\x80")
        if not isinstance(raw, dict):
            raise self._fault(f"expected a map of arguments, got `{type_name(raw)}`") from error
        self._check_names(raw)
        bound = {
            keyword: self._checked(name, self._checks[name].run, raw[name])
            for name, keyword in zip(self._names, self._keywords, strict=True)
            if name in raw
        }
        if self._extras is not None:
            for name, value in raw.items():
                if name not in self._checks:
                    bound[name] = self._checked(name, self._extras.run, value)
        return bound

    def _check_names(self, raw: Mapping[Any, Any]) -> None:
        strange = [name for name in raw if not isinstance(name, str)]
        if strange:
            raise self._fault(f"arguments are named by text, got {step(strange[0])}")
        unknown = [name for name in raw if name not in self._checks] if self._extras is None else []
        missing = [name for name in self._names if name in self._required and name not in raw]
        faults = [f"missing parameter{'s' if len(missing) > 1 else ''} {_listed(missing)}"] if missing else []
        for name in unknown:
            close = difflib.get_close_matches(name, self._names, 1)
            hint = (
                f", did you mean `{close[0]}`?"
                if close
                else f"; it takes {_listed(self._names)}"
                if self._names
                else ""
            )
            faults.append(f"unknown parameter `{name}`{hint}")
        if faults:
            name = str([*missing, *unknown][0])
            raise self._fault("; ".join(faults), {"parameter": name, "path": name})

    def _placed(self, keywords: dict[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
        # A gap means that a default is wanted; what stands behind it cannot be given by position, nor by name.
        positional = []
        for name in self._positional:
            if name not in keywords:
                break
            positional.append(keywords.pop(name))
        stranded = [name for name in self._positional if name in keywords]
        if stranded:
            text = f"parameter `{stranded[0]}` can only be given together with those before it"
            raise self._fault(text, {"parameter": stranded[0], "path": stranded[0]})
        return positional, keywords

    def _fault(self, text: str, details: Mapping[str, str] | None = None) -> InvalidParameter:
        return InvalidParameter(f"tool '{self._tool}': {text}", details={"tool": self._tool, **(details or {})})


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _struct(tool: str, fields: Sequence[tuple[Field, Any]]) -> type[Any]:
    # Defaults stay with the function: a parameter that was not given is not passed.
    return msgspec.defstruct(
        f"arguments_of_{re.sub(r'[^A-Za-z0-9_]', '_', tool)}",
        [
            (_place(field.keyword or field.name), hint)
            if field.required
            else (_place(field.keyword or field.name), _or_unset(hint), UNSET)
            for field, hint in fields
        ],
        rename={_place(field.keyword or field.name): field.name for field, _ in fields},
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _place(keyword: str) -> str:
    """The name of a parameter in the struct: those with two underscores mean something there."""
    return f"p{keyword}"


def _or_unset(hint: Any) -> Any:
    return Union[hint, UnsetType]  # noqa: UP007 - not every hint knows `|`
