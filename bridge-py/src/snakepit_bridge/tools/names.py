"""The names in annotations: what they stand for, also where only a type checker could say."""

from __future__ import annotations

import builtins
import operator
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ForwardRef, Union


class Unresolved:
    """A name that is not there at run time: imported for a type checker only, or misspelt. It stands in any hint."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007 - this is what `|` does

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007

    def __getitem__(self, _: Any) -> Unresolved:
        return self

    def __getattr__(self, name: str) -> Unresolved:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unresolved(f"{self.name}.{name}")

    def __call__(self) -> Unresolved:
        """Typing takes only what can be called for a type."""
        return self

    def __repr__(self) -> str:
        return self.name


class Namespace(Mapping[str, Any]):
    """The names that an annotation sees, by the first of some places that has them."""

    def __init__(self, *places: Mapping[str, Any]) -> None:
        self._places = (*places[:1], vars(builtins), *places[1:])

    def __getitem__(self, name: str) -> Any:
        for place in self._places:
            if name in place:
                return place[name]
        return Unresolved(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def of_function(function: Any, owner: type | None) -> Namespace:
    """What the annotations of a function see: its module, what it closes over, and the class that it stands in."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    closure = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
    parameters = {parameter.__name__: parameter for parameter in getattr(function, "__type_params__", ())}
    classes = [vars(kind) for kind in owner.__mro__] if owner is not None else []
    return Namespace(function.__globals__, closure, parameters, *classes)


def of_class(kind: type) -> Namespace:
    """What the annotations of a class see."""
    module = sys.modules.get(kind.__module__)
    parameters = {parameter.__name__: parameter for parameter in getattr(kind, "__type_params__", ())}
    return Namespace({} if module is None else vars(module), vars(kind), parameters, {kind.__name__: kind})


def members_of(kind: type) -> dict[str, Any]:
    """The annotations of a class and of those that it derives from, evaluated. Type parameters have their values."""
    found: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        if each is object:
            continue
        names, values = of_class(each), values_of_parameters(kind)
        for name, annotation in _annotations(each).items():
            found[name] = substitute(evaluate(annotation, names), values)
    return found


def values_of_parameters(hint: Any) -> dict[Any, Any]:
    """What the type parameters of a generic class stand for: in ``Box[int]``, or in a class that derives from it."""
    values: dict[Any, Any] = {}
    origin = typing.get_origin(hint)
    if origin is not None:
        values.update(zip(getattr(origin, "__parameters__", ()), typing.get_args(hint), strict=False))
    for base in getattr(origin or hint, "__orig_bases__", ()):
        if typing.get_origin(base) not in (None, typing.Generic, typing.Protocol):
            inner = values_of_parameters(base)
            values = {**{name: substitute(value, values) for name, value in inner.items()}, **values}
    return values


def evaluate(annotation: Any, names: Namespace) -> Any:
    """An annotation as a type, whatever of it is written as text."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return _mapped(annotation, lambda part: evaluate(part, names))
    try:
        value = eval(annotation, {"__builtins__": {}}, names)
    except Exception:
        return Unresolved(annotation)
    return Unresolved(annotation) if value == annotation else evaluate(value, names)


def substitute(hint: Any, values: Mapping[Any, Any]) -> Any:
    """The hint with type parameters replaced."""
    if not values:
        return hint
    if isinstance(hint, typing.TypeVar):
        return values.get(hint, hint)
    return _mapped(hint, lambda part: substitute(part, values))


def _mapped(hint: Any, change: Callable[[Any], Any]) -> Any:
    """The hint with each of its arguments changed; the very same where none is."""
    origin = typing.get_origin(hint)
    if origin is None or origin is typing.Literal:
        return hint
    old = typing.get_args(hint)
    if origin is typing.Annotated:
        inner = change(old[0])
        return hint if inner is old[0] else annotated(inner, old[1:])
    new = tuple([change(each) for each in part] if isinstance(part, list) else change(part) for part in old)
    if all(after is before or isinstance(before, list) for after, before in zip(new, old, strict=True)):
        return hint
    if origin is Union or origin is getattr(types, "UnionType", None):
        return Union[new]  # noqa: UP007 - as many as there are
    copy_with = getattr(hint, "copy_with", None)
    try:
        return copy_with(new) if copy_with is not None else origin[new]
    except TypeError:
        return hint


def annotated(hint: Any, metadata: tuple[Any, ...]) -> Any:
    """``Annotated`` with metadata that is at hand as a tuple."""
    return operator.getitem(typing.Annotated, (hint, *metadata))


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _annotations(kind: type) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(kind, format=Format.FORWARDREF)
    return dict(vars(kind).get("__annotations__", {}))
