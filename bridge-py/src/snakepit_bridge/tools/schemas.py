"""JSON Schemas from hints; empty where a hint says nothing that JSON Schema could."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from snakepit_bridge.tools.checks import models
from snakepit_bridge.tools.checks.compiler import UNIONS

if TYPE_CHECKING:
    from snakepit_bridge.tools.arguments import Field

_REFERENCE = "#/$defs/{name}"


def of_type(hint: Any) -> str:
    """The schema of one type, as text."""
    if hint is Any or hint is None:
        return ""
    shared: dict[str, Any] = {}
    schema = _schema(hint, shared)
    if not schema:
        return ""
    return json.dumps({**schema, "$defs": shared} if shared else schema, ensure_ascii=False)


def of_arguments(fields: Sequence[Field], unchecked: Mapping[str, str], *, extras: bool) -> str:
    """The schema of the map of arguments. A comment says why a parameter is not checked, or not all of it."""
    shared: dict[str, Any] = {}
    properties = {field.name: _described(field, _schema(field.hint, shared)) for field in fields}
    for name, why in unchecked.items():
        if name in properties:
            properties[name]["$comment"] = f"unchecked: {why}"
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [field.name for field in fields if field.required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = extras
    if shared:
        schema["$defs"] = shared
    return json.dumps(schema, ensure_ascii=False)


def json_of(value: Any) -> str:
    """A default as JSON, or its repr where JSON cannot say it."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _repr(value)


def _schema(hint: Any, shared: dict[str, Any]) -> dict[str, Any]:
    """The schema of a hint; what it refers to is added to ``shared``."""
    try:
        return _by_msgspec(hint, shared)
    except Exception:  # a schema is an extra: nothing about a hint may keep its tool from being served
        pass
    if typing.get_origin(hint) in UNIONS:
        parts = [_schema(part, shared) for part in typing.get_args(hint)]
        return {"anyOf": parts} if all(parts) else {}
    try:
        pydantic = models.loaded()
        return {} if pydantic is None else _lifted(pydantic.TypeAdapter(hint).json_schema(), shared)
    except Exception:
        return {}


def _by_msgspec(hint: Any, shared: dict[str, Any]) -> dict[str, Any]:
    (schema,), components = msgspec.json.schema_components([hint], schema_hook=_plain_class, ref_template=_REFERENCE)
    shared.update({name: _lifted(each, shared) for name, each in components.items()})
    return dict(_lifted(schema, shared))


def _lifted(schema: Any, shared: dict[str, Any]) -> Any:
    """The schema with the definitions inside it moved to where references look for them."""
    if isinstance(schema, list):
        return [_lifted(part, shared) for part in schema]
    if not isinstance(schema, dict):
        return schema
    for name, each in schema.get("$defs", {}).items():
        shared[name] = _lifted(each, shared)
    return {key: _lifted(part, shared) for key, part in schema.items() if key != "$defs"}


def _described(field: Field, schema: dict[str, Any]) -> dict[str, Any]:
    if field.description:
        schema["description"] = field.description
    if not field.required:
        try:
            schema["default"] = json.loads(json.dumps(field.default, allow_nan=False))
        except (TypeError, ValueError, RecursionError):
            pass
    return schema


def _plain_class(kind: type) -> dict[str, Any]:
    if issubclass(kind, PurePath):
        return {"type": "string", "format": "path"}
    model_schema = getattr(kind, "model_json_schema", None)
    if callable(model_schema):
        return dict(model_schema())
    raise NotImplementedError


def _repr(value: Any) -> str:
    try:
        return repr(value)[:1024]
    except Exception:
        return f"<{type(value).__qualname__}>"
