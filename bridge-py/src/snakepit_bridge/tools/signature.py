"""The signature that a tool is called by: that of the outermost wrapper that has one of its own."""

from __future__ import annotations

import functools
import inspect
import sys
from inspect import Parameter, Signature
from types import MethodType
from typing import Any

from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools.layers import called, own_dict

_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def signature_of(candidate: Any) -> Signature:
    """The signature, with its annotations as they are written. Raises ``ToolDefinitionError`` where none can be read.

    A wrapper ``(*args, **kwargs)`` passes on what it gets: then the signature is that of what it wraps.
    """
    try:
        return _signature(candidate)
    except (ValueError, TypeError) as error:
        raise ToolDefinitionError(
            f"the parameters of `{getattr(candidate, '__name__', candidate)}` cannot be found out ({error}): "
            "wrap it in a `def` that names them"
        ) from error


def refuse_variadic(signature: Signature, tool: str) -> None:
    """Raises ``ToolDefinitionError`` for a tool with ``*values``."""
    for parameter in signature.parameters.values():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            raise ToolDefinitionError(
                f"tool '{tool}' takes `*{parameter.name}`, but arguments are sent by name: take a list, "
                f"`{parameter.name}: list[...]`, instead; in the wrapper of a decorator, say "
                "`@functools.wraps(function)`"
            )


def texts_of(signature: Signature) -> dict[str, str]:
    """Each annotation as text, by parameter name."""
    return {
        parameter.name: text_of(parameter.annotation)
        for parameter in signature.parameters.values()
        if parameter.annotation is not parameter.empty
    }


def text_of(annotation: Any) -> str:
    """An annotation as it is written."""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _signature(candidate: Any) -> Signature:
    if isinstance(candidate, (staticmethod, classmethod)):
        return _signature(candidate.__func__)
    if isinstance(candidate, MethodType):
        return _without_first(_signature(candidate.__func__))
    attributes = own_dict(candidate)
    wrapped = attributes.get("__wrapped__")
    if wrapped is None or attributes.get("__signature__") is not None or isinstance(candidate, functools.partial):
        return _read(candidate)
    inner = _signature(wrapped)
    if _is_dispatcher(attributes):
        return _by_position(inner, 1)
    try:
        call = called(candidate)
        own = _without_first(_read(call.__func__)) if call is not candidate else _read(candidate, follow_wrapped=False)
    except ValueError:  # a wrapper in C, as that of `functools.lru_cache`
        return inner
    return _passed_on(own, inner)


def _passed_on(own: Signature, inner: Signature) -> Signature:
    """What can be given to a wrapper: its own parameters, and where it passes on others, those of what it wraps."""
    kinds = {parameter.kind for parameter in own.parameters.values()}
    if Parameter.VAR_KEYWORD not in kinds and Parameter.VAR_POSITIONAL not in kinds:
        return own
    by_position = [parameter.name for parameter in own.parameters.values() if parameter.kind in _BY_POSITION]
    if Parameter.VAR_KEYWORD not in kinds:
        return _by_position(inner, len(inner.parameters))
    # Where a wrapper calls them otherwise, the first ones have to come by position.
    if by_position != list(inner.parameters)[: len(by_position)]:
        inner = _by_position(inner, len(by_position))
    more = [
        parameter
        for parameter in own.parameters.values()
        if parameter.kind is Parameter.KEYWORD_ONLY and parameter.name not in inner.parameters
    ]
    parameters = list(inner.parameters.values())
    end = next((at for at, each in enumerate(parameters) if each.kind is Parameter.VAR_KEYWORD), len(parameters))
    return inner.replace(parameters=[*parameters[:end], *more, *parameters[end:]])


def _by_position(signature: Signature, count: int) -> Signature:
    return signature.replace(
        parameters=[
            parameter.replace(kind=Parameter.POSITIONAL_ONLY)
            if index < count and parameter.kind in _BY_POSITION
            else parameter
            for index, parameter in enumerate(signature.parameters.values())
        ]
    )


def _without_first(signature: Signature) -> Signature:
    parameters = list(signature.parameters.values())
    if not parameters:
        raise ToolDefinitionError("a method needs `self` as its first parameter: add it, or `@staticmethod`")
    return signature.replace(parameters=parameters[parameters[0].kind in _BY_POSITION :])


def _is_dispatcher(attributes: dict[str, Any]) -> bool:
    return "dispatch" in attributes and "registry" in attributes


def _read(candidate: Any, *, follow_wrapped: bool = True) -> Signature:
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(candidate, follow_wrapped=follow_wrapped, annotation_format=Format.FORWARDREF)
    return inspect.signature(candidate, follow_wrapped=follow_wrapped)
