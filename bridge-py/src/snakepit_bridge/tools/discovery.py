"""From a decorated function to what is known of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from snakepit_bridge._context import Context
from snakepit_bridge._protocol.enums import ToolKind
from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools import docstrings, hints, schemas
from snakepit_bridge.tools.arguments import Binder, Field
from snakepit_bridge.tools.decorator import ToolOptions
from snakepit_bridge.tools.spec import Parameter, ToolSpec

# A parameter of this name gets the context without an annotation: adapters of Snakepit are written so.
_CONTEXT_NAME = "session_context"


def inspect_tool(function: Callable[..., Any], options: ToolOptions) -> ToolSpec:
    """Everything that signature, hints and docstring say. ``function`` is bound already where it is a method.

    Raises ``ToolDefinitionError`` where it cannot be served.
    """
    types, texts = hints.resolved(function), hints.texts(function)
    returns = types.get("return", Any)
    kind = _kind(function, options, returns)
    described = docstrings.parameters(function.__doc__)
    fields: list[Field] = []
    context_name, extras = None, None
    for parameter in inspect.signature(function).parameters.values():
        hint = types.get(parameter.name, Any)
        if parameter.kind is parameter.VAR_KEYWORD:
            extras = hint
        elif hint is Context or parameter.name == _CONTEXT_NAME:
            context_name = _context_parameter(parameter, options)
        else:
            fields.append(_field(parameter, hint, described.get(parameter.name, "")))
    return ToolSpec(
        name=options.name,
        description=docstrings.summary(function.__doc__) if options.description is None else options.description,
        kind=kind,
        parameters=tuple(_parameter(field, texts) for field in fields),
        input_schema=schemas.of_arguments(fields, extras=extras is not None),
        output_schema=schemas.of_type(hints.result_of_stream(returns) if _streams(kind) else returns),
        chunk_schema=schemas.of_type(hints.chunk_of(returns)) if _streams(kind) else "",
        metadata=MappingProxyType(dict(options.metadata)),
        function=function,
        binder=Binder(options.name, fields, context_name, extras),
    )


def _kind(function: Callable[..., Any], options: ToolOptions, returns: Any) -> ToolKind:
    if inspect.isasyncgenfunction(function):
        return ToolKind.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(function):
        return ToolKind.GENERATOR
    coroutine = inspect.iscoroutinefunction(function)
    plain = ToolKind.COROUTINE if coroutine else ToolKind.FUNCTION
    if options.supports_streaming is False:
        return plain
    if hints.streams_async(returns):
        return ToolKind.ASYNC_GENERATOR
    if coroutine and (hints.streams_sync(returns) or options.supports_streaming):
        raise ToolDefinitionError(
            f"tool '{options.name}' is a coroutine that returns an iterator: `yield` in it, or hint an `AsyncIterator`"
        )
    if hints.streams_sync(returns):
        return ToolKind.GENERATOR
    if not options.supports_streaming:
        return plain
    if hints.never_streams(returns):
        raise ToolDefinitionError(
            f"tool '{options.name}' says `supports_streaming=True` but returns {_text(returns)}: `yield` its chunks, "
            "return an iterator, or leave `supports_streaming` out"
        )
    return ToolKind.GENERATOR


def _streams(kind: ToolKind) -> bool:
    return kind in (ToolKind.GENERATOR, ToolKind.ASYNC_GENERATOR)


def _context_parameter(parameter: inspect.Parameter, options: ToolOptions) -> str:
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise ToolDefinitionError(f"tool '{options.name}': `{parameter.name}` gets the context: move it behind the `/`")
    return parameter.name


def _field(parameter: inspect.Parameter, hint: Any, description: str) -> Field:
    required = parameter.default is parameter.empty
    return Field(
        name=parameter.name,
        hint=hint,
        required=required,
        default=None if required else parameter.default,
        description=description,
        positional=parameter.kind is parameter.POSITIONAL_ONLY,
    )


def _parameter(field: Field, texts: dict[str, str]) -> Parameter:
    return Parameter(
        name=field.name,
        type=texts.get(field.name, ""),
        required=field.required,
        default="" if field.required else schemas.json_of(field.default),
        description=field.description,
    )


def _text(hint: Any) -> str:
    return "`None`" if hint in (None, type(None)) else f"`{inspect.formatannotation(hint)}`"
