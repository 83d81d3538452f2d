"""Hints that are pydantic's: models, its types, its ``Annotated``. The user's own pydantic checks them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Union

from snakepit_bridge._codec import arrays
from snakepit_bridge.tools.checks import unions
from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, shown, step, text_of

_SHOWN = 3

# Metadata that leaves the value of the hint's type: the plain check comes first, and is as strict as ever.
_REFINING = ("FieldInfo", "StringConstraints", "AfterValidator", "Strict", "UrlConstraints", "AllowInfNan")


def is_model(kind: Any) -> bool:
    """True for pydantic's models, and for classes that behave like one."""
    return callable(getattr(kind, "model_validate", None)) or (
        callable(getattr(kind, "parse_obj", None)) and hasattr(kind, "__fields__")
    )


def is_pydantic(kind: Any) -> bool:
    """True for classes that only pydantic knows how to fill."""
    return loaded() is not None and (
        hasattr(kind, "__get_pydantic_core_schema__")
        or getattr(kind, "__module__", "").partition(".")[0] == "pydantic"
        or "__pydantic_validator__" in vars(kind)
    )


def loaded() -> Any:
    """Pydantic, where the tools have imported it in a version that has adapters for types."""
    module = sys.modules.get("pydantic")
    return module if hasattr(module, "TypeAdapter") else None


def is_pydantics_metadata(metadata: object) -> bool:
    """True for what pydantic reads in an ``Annotated``."""
    return loaded() is not None and (
        type(metadata).__module__.partition(".")[0] == "pydantic"
        or getattr(metadata, "__module__", "").partition(".")[0] == "pydantic"
        or hasattr(metadata, "__get_pydantic_core_schema__")
    )


def only_refines(metadata: object) -> bool:
    """True for metadata that bounds a value of the hint's type, and cannot make one of something else."""
    if type(metadata).__name__ not in _REFINING:
        return False
    return getattr(metadata, "discriminator", None) is None


def model(kind: Any) -> Check:
    """A model, by its own validation."""
    validate = getattr(kind, "model_validate", None) or kind.parse_obj
    fields: dict[str, Any] = getattr(kind, "model_fields", None) or getattr(kind, "__fields__", {})
    members = set(fields)
    for field in fields.values():
        members.update(each for each in (getattr(field, "alias", None),) if isinstance(each, str))
    is_root = "root" in members and len(members) == 1
    return Check(text_of(kind), _run(validate), members=None if is_root else frozenset(members))


def adapted(hint: Any, name: str, members: frozenset[str] | None = None) -> Check:
    """Any hint, by pydantic's adapter for types. Raises what pydantic raises for a hint that it does not know."""
    return Check(name, _run(loaded().TypeAdapter(hint).validate_python), members=members)


def together(checks: list[tuple[Any, Check]]) -> Check:
    """Several models that are alternatives: pydantic knows which is nearest, and each by itself what is wrong."""
    each = unions.union([check for _, check in checks])
    nearest = adapted(Union[tuple(hint for hint, _ in checks)], each.name)  # noqa: UP007 - as many as there are

    def run(value: Any) -> Any:
        try:
            return nearest.run(value)
        except Misfit:
            return each.run(value)

    return replace(each, run=run)


def _run(validate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        try:
            return validate(value)
        except RecursionError:
            raise
        except Exception as error:
            fault = error
        # Typed arrays are nothing that pydantic knows: as lists they may fit.
        plain = _without_arrays(value)
        if plain is not value:
            try:
                return validate(plain)
            except Exception as error:
                fault = error
        raise _misfit(fault, plain) from fault

    return run


def _misfit(error: Exception, value: Any) -> Misfit:
    errors = getattr(error, "errors", None)
    try:
        found = list(errors()) if callable(errors) else []
    except Exception:
        found = []
    if not found:
        return Misfit(f"{type(error).__name__}: {error}")
    others = [f"`{_path(each, value).lstrip('.')}`: {_text(each)}" for each in found[1:_SHOWN]]
    if len(found) > _SHOWN:
        others.append(f"{len(found) - _SHOWN} more")
    also = f" (also {'; '.join(others)})" if others else ""
    return Misfit(f"{_text(found[0])}{also}").under(_path(found[0], value))


def _text(error: dict[str, Any]) -> str:
    message = str(error.get("msg", error))
    if error.get("type") in ("missing", "value_error.missing"):
        return "missing"
    message = re.sub("^Input should be ", "expected ", message)
    message = message[:1].lower() + message[1:]
    return f"{message}, got {shown(error['input'])}" if "input" in error else message


def _path(error: dict[str, Any], value: Any) -> str:
    """The way in the value. Pydantic's own has the names of alternatives and validators in it, which lead nowhere."""
    path, steps = "", list(error.get("loc", ()))
    for index, key in enumerate(steps):
        is_there = (isinstance(value, dict) and key in value) or (
            isinstance(value, (list, tuple)) and isinstance(key, int) and key < len(value)
        )
        if is_there:
            value = value[key]
        elif index < len(steps) - 1 or "missing" not in str(error.get("type")):
            continue
        path += f"[{key}]" if isinstance(key, int) else step(key)
    return path


def _without_arrays(value: Any) -> Any:
    if arrays.is_array(value):
        return value.tolist()
    if isinstance(value, list):
        items = [_without_arrays(item) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        members = {key: _without_arrays(item) for key, item in value.items()}
        return value if all(members[key] is value[key] for key in value) else members
    return value
