"""From a hint to its check."""

from __future__ import annotations

import collections
import collections.abc as abc
import types
import typing
from collections.abc import Mapping
from dataclasses import InitVar, replace
from typing import Any

from snakepit_bridge.tools import names
from snakepit_bridge.tools.checks import constraints, containers, models, numeric, records, scalars, unions
from snakepit_bridge.tools.checks.check import ANYTHING, Check
from snakepit_bridge.tools.checks.misfit import expected, text_of

# Both ways to write a union.
UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly", "Final", "ClassVar")
_CALLABLES = (abc.Callable, type)
_ANYTHING = (Any, object, abc.Hashable)


class Compiler:
    """Makes checks. ``unchecked`` collects what of the hints stays without one, and why."""

    def __init__(self) -> None:
        self.unchecked: list[str] = []
        self._known: dict[Any, Check] = {}

    def check(self, hint: Any) -> Check:
        """The check of a hint. What nobody can check takes anything, and is told in ``unchecked``."""
        try:
            known = self._known.get(hint)
        except TypeError:  # a hint with metadata that has no hash
            return self._made(hint)
        if known is not None:
            return known

        # A class may have members of its own kind: those find this one.
        def later(value: Any) -> Any:
            return self._known[hint].run(value)

        self._known[hint] = Check(text_of(hint), later)
        made = self._known[hint] = self._made(hint)
        return made

    def _made(self, hint: Any) -> Check:
        try:
            return self._special(hint) or self._of_class(hint)
        except Exception as error:
            # Whatever is odd about a hint keeps no tool from being served.
            return self._give_up(hint, f"{type(error).__name__}: {error}")

    def _give_up(self, hint: Any, why: str) -> Check:
        text = f"`{text_of(hint)}`: {why}"
        if text not in self.unchecked:
            self.unchecked.append(text)
        return replace(ANYTHING, name=text_of(hint))

    def _special(self, hint: Any) -> Check | None:
        """The check of what is a hint and no class; None for classes, and for those with arguments."""
        origin = typing.get_origin(hint)
        if hint is None:
            return scalars.scalar(type(None))
        if hint in _ANYTHING:
            return ANYTHING
        if isinstance(hint, names.Unresolved):
            return self._give_up(hint, "this name is not there at run time")
        if isinstance(hint, typing.TypeVar):
            return self._variable(hint)
        if isinstance(hint, InitVar):
            return self.check(hint.type)
        if hasattr(hint, "__supertype__"):
            return replace(self.check(hint.__supertype__), name=text_of(hint))
        if origin is typing.Annotated:
            return self._annotated(hint)
        if origin in UNIONS:
            return self._union(typing.get_args(hint))
        if origin is typing.Literal:
            return scalars.literal(typing.get_args(hint))
        if getattr(hint, "_name", None) == "LiteralString":
            return self.check(str)
        if getattr(origin, "_name", None) in _QUALIFIERS:
            return self.check(typing.get_args(hint)[0])
        if type(origin or hint).__name__ == "TypeAliasType":
            return self._alias(hint)
        if (origin or hint) in _CALLABLES or not isinstance(origin or hint, type):
            return self._give_up(hint, "nothing that comes from TypeScript can be held against it")
        return None

    def _alias(self, hint: Any) -> Check:
        alias = typing.get_origin(hint) or hint
        values: Mapping[Any, Any] = dict(zip(alias.__type_params__, typing.get_args(hint), strict=False))
        return self.check(names.substitute(alias.__value__, values))

    def _variable(self, hint: typing.TypeVar) -> Check:
        if hint.__constraints__:
            return self._union(hint.__constraints__)
        bound = hint.__bound__
        if isinstance(bound, typing.ForwardRef):
            return self._give_up(hint, f"its bound {bound.__forward_arg__!r} is written as text")
        return ANYTHING if bound is None else self.check(bound)

    def _annotated(self, hint: Any) -> Check:
        inner, *metadata = typing.get_args(hint)
        foreign = [each for each in metadata if models.is_pydantics_metadata(each)]
        if not foreign:
            return constraints.constrained(self.check(inner), metadata)
        if not all(models.only_refines(each) for each in foreign):
            return models.adapted(hint, text_of(inner))
        first, then = self.check(inner), models.adapted(hint, text_of(inner))
        return replace(first, run=lambda value: then.run(first.run(value)))

    def _union(self, parts: tuple[Any, ...]) -> Check:
        checks = [(part, self.check(part)) for part in parts]
        own = [each for each in checks if models.loaded() and isinstance(each[0], type) and models.is_model(each[0])]
        if len(own) < 2:
            return unions.union([check for _, check in checks])
        one = models.together(own)
        return unions.union([one, *(check for part, check in checks if (part, check) not in own)])

    def _of_class(self, hint: Any) -> Check:
        kind, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
        if models.is_model(kind):
            return models.model(kind)
        found = scalars.scalar(kind) or numeric.of_library(kind, hint)
        if found is not None:
            return found
        if models.is_pydantic(kind):
            return models.adapted(hint, text_of(hint))
        record = records.record(kind, hint, self)
        if record is not None:
            return record
        return self._container(hint, kind, arguments) or self._derived(hint, kind) or self._plain_class(hint, kind)

    def _container(self, hint: Any, kind: Any, arguments: tuple[Any, ...]) -> Check | None:
        name = text_of(hint)
        if kind is tuple:
            if not arguments and not hasattr(hint, "__args__"):
                arguments = (Any, ...)
            if len(arguments) == 2 and arguments[1] is ...:
                item = self.check(arguments[0])
                return Check(
                    name,
                    lambda value: tuple(containers.each(item.run, containers.items_of(value, name))),
                )
            return containers.fixed(name, [] if arguments == ((),) else [self.check(each) for each in arguments])
        if kind in containers.MAKERS:
            return containers.many(name, kind, self.check(arguments[0]) if arguments else ANYTHING)
        if kind in containers.MAPPINGS:
            if kind is collections.Counter:
                arguments = (*(arguments or (Any,)), int)
            key, value = (self.check(each) for each in arguments or (Any, Any))
            factory = _factory(arguments) if kind is collections.defaultdict else None
            return containers.mapping(name, kind, key, value, factory)
        return None

    def _derived(self, hint: Any, kind: Any) -> Check | None:
        """The check of a class made from a plain one: the plain value, and then the class called with it."""
        if kind.__module__ in ("builtins", "collections", "collections.abc"):
            return None
        for base in (bool, int, float, str, bytes, list, dict, set, frozenset, tuple):
            if issubclass(kind, base):
                check = self.check(base)
                name = text_of(hint)

                def run(value: Any, check: Check = check, name: str = name) -> Any:
                    return records.made(name, kind, check.run(value))

                return Check(name, run)
        return None

    def _plain_class(self, hint: Any, kind: Any) -> Check:
        name = text_of(hint)
        if getattr(kind, "_is_protocol", False) and not getattr(kind, "_is_runtime_protocol", False):
            return self._give_up(hint, "it is a Protocol without `@runtime_checkable`")
        isinstance(None, kind)  # a class that cannot be asked says so here

        def run(value: Any) -> Any:
            if isinstance(value, kind):
                return value
            raise expected(f"`{name}`", value)

        return Check(name, run)


def _factory(arguments: tuple[Any, ...]) -> Any:
    kind = (typing.get_origin(arguments[1]) or arguments[1]) if len(arguments) > 1 else None
    return kind if kind in (bool, int, float, str, bytes, list, dict, set, tuple) else None
