"""JSON Schemas from hints; empty text where a hint says nothing that JSON Schema could."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from snakepit_bridge.tools.arguments import Field

_REFERENCE = "#/$defs/{name}"


def of_type(hint: Any) -> str:
    """The schema of one type."""
    if hint is Any or hint is None or not supported(hint):
        return ""
    return json.dumps(msgspec.json.schema(hint, schema_hook=_plain_class), ensure_ascii=False)


def of_arguments(fields: Sequence[Field], *, extras: bool) -> str:
    """The schema of the map of arguments."""
    known = [field for field in fields if supported(field.hint)]
    schemas, components = msgspec.json.schema_components(
        [field.hint for field in known], schema_hook=_plain_class, ref_template=_REFERENCE
    )
    by_name = {field.name: dict(schema) for field, schema in zip(known, schemas, strict=True)}
    properties = {field.name: _described(field, by_name.get(field.name, {})) for field in fields}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [field.name for field in fields if field.required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = extras
    if components:
        schema["$defs"] = components
    return json.dumps(schema, ensure_ascii=False)


def json_of(value: Any) -> str:
    """A default as JSON, or its repr where JSON cannot say it."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _repr(value)


def supported(hint: Any) -> bool:
    """True when msgspec can make a schema of the hint."""
    try:
        msgspec.json.schema_components([hint], schema_hook=_plain_class)
    except Exception:  # a schema is an extra: nothing about a hint may keep its tool from being served
        return False
    return True


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
