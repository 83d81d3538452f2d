"""From a decorated function to what is known of it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from inspect import Parameter as Written
from types import MappingProxyType
from typing import Any

from snakepit_bridge._context import Context, SessionContext
from snakepit_bridge._protocol.enums import ToolKind
from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools import docstrings, hints, layers, names, schemas
from snakepit_bridge.tools.arguments import Binder, Field
from snakepit_bridge.tools.checks.compiler import UNIONS
from snakepit_bridge.tools.checks.records import typed_dict_members, with_null
from snakepit_bridge.tools.decorator import ToolOptions
from snakepit_bridge.tools.signature import refuse_variadic, signature_of, text_of, texts_of
from snakepit_bridge.tools.spec import Parameter, ToolSpec

# A parameter of this name gets the context without an annotation: adapters of Snakepit are written so.
_CONTEXT_NAME = "session_context"


def inspect_tool(
    function: Callable[..., Any], options: ToolOptions, serves: Callable[..., Any] | None = None
) -> ToolSpec:
    """Everything that signature, hints and docstring say. ``function`` is bound already where it is a method.

    ``serves`` is what calls run, where it is not the function itself. Raises ``ToolDefinitionError``, with the place in
    the source, where it cannot be served.
    """
    try:
        return _inspect(function, options, serves or function)
    except ToolDefinitionError as error:
        place = layers.place_of(function)
        raise ToolDefinitionError(f"{error.message} ({place})" if place else error.message) from error


def _inspect(function: Callable[..., Any], options: ToolOptions, serves: Callable[..., Any]) -> ToolSpec:
    signature = signature_of(function)
    refuse_variadic(signature, options.name)
    types, texts = hints.resolved(function, signature), texts_of(signature)
    returns = types.get("return", Any)
    kind = _kind(function, options, returns)
    docstring = layers.docstring(function)
    described, mangling = docstrings.parameters(docstring), layers.mangling_of(function)
    fields: list[Field] = []
    context_name, extras = None, None
    for parameter in signature.parameters.values():
        hint = types.get(parameter.name, Any)
        if parameter.kind is parameter.VAR_KEYWORD:
            unpacked = list(_unpacked(hint))
            fields += unpacked
            texts.update({field.name: text_of(field.hint) for field in unpacked})
            extras = None if unpacked else hint
        elif _is_context(hint) or parameter.name == _CONTEXT_NAME:
            context_name = _context_parameter(parameter, options)
        else:
            name = _name(parameter, mangling)
            fields.append(_field(parameter, name, hint, described.get(name, "")))
    binder = Binder(options.name, fields, context_name, extras)
    return ToolSpec(
        name=options.name,
        description=docstrings.summary(docstring) if options.description is None else options.description,
        kind=kind,
        parameters=tuple(_parameter(field, texts) for field in fields),
        input_schema=schemas.of_arguments(fields, binder.unchecked, extras=extras is not None),
        output_schema=schemas.of_type(hints.result_of_stream(returns) if _streams(kind) else returns),
        chunk_schema=schemas.of_type(hints.chunk_of(returns)) if _streams(kind) else "",
        metadata=MappingProxyType(dict(options.metadata)),
        function=serves,
        binder=binder,
    )


def _kind(function: Callable[..., Any], options: ToolOptions, returns: Any) -> ToolKind:
    found = layers.kind_of(function)
    streams = options.supports_streaming
    if _streams(found):
        # Whoever wraps a generator may well make a value of it.
        return found if streams is not False else ToolKind.FUNCTION
    if streams is False:
        return found
    if hints.streams_async(returns):
        return ToolKind.ASYNC_GENERATOR
    if found is ToolKind.COROUTINE and (hints.streams_sync(returns) or streams):
        raise ToolDefinitionError(
            f"tool '{options.name}' is a coroutine that returns an iterator: `yield` in it, or hint an `AsyncIterator`"
        )
    if hints.streams_sync(returns):
        return ToolKind.GENERATOR
    if not streams:
        return found
    if hints.never_streams(returns):
        raise ToolDefinitionError(
            f"tool '{options.name}' says `supports_streaming=True` but returns {_text(returns)}: `yield` its chunks, "
            "return an iterator, or leave `supports_streaming` out"
        )
    return ToolKind.GENERATOR


def _streams(kind: ToolKind) -> bool:
    return kind in (ToolKind.GENERATOR, ToolKind.ASYNC_GENERATOR)


def _is_context(hint: Any) -> bool:
    """True for ``Context``, also where it may be missing, or where only a type checker knows the name."""
    if isinstance(hint, names.Unresolved):
        return hint.name.rpartition(".")[2] in ("Context", "SessionContext")
    if typing.get_origin(hint) in (*UNIONS, typing.Annotated):
        return any(_is_context(part) for part in typing.get_args(hint))
    return hint is Context or hint is SessionContext


def _context_parameter(parameter: Written, options: ToolOptions) -> str:
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise ToolDefinitionError(f"tool '{options.name}': `{parameter.name}` gets the context: move it behind the `/`")
    return parameter.name


def _name(parameter: Written, mangling: str) -> str:
    """The name as its author wrote it: Python hides a `__x` in a class behind the name of the class."""
    name = parameter.name
    hidden = mangling and name.startswith(f"{mangling}__") and not name.endswith("__")
    return name[len(mangling) :] if hidden else name


def _field(parameter: Written, name: str, hint: Any, description: str) -> Field:
    required = parameter.default is parameter.empty
    return Field(
        name=name,
        hint=hint if required else with_null(hint, parameter.default),
        required=required,
        default=None if required else parameter.default,
        description=description,
        positional=parameter.kind is parameter.POSITIONAL_ONLY,
        keyword=parameter.name,
    )


def _unpacked(hint: Any) -> Iterator[Field]:
    """The parameters that ``**options: Unpack[Options]`` stands for."""
    origin = typing.get_origin(hint)
    if getattr(origin, "_name", None) == "Unpack" or getattr(origin, "__name__", None) == "Unpack":
        for name, (inner, required) in typed_dict_members(typing.get_args(hint)[0]).items():
            yield Field(name=name, hint=inner, required=required)


def _parameter(field: Field, texts: dict[str, str]) -> Parameter:
    return Parameter(
        name=field.name,
        type=texts.get(field.keyword, texts.get(field.name, "")),
        required=field.required,
        default="" if field.required else schemas.json_of(field.default),
        description=field.description,
    )


def _text(hint: Any) -> str:
    return "`None`" if hint in (None, type(None)) else f"`{inspect.formatannotation(hint)}`"
