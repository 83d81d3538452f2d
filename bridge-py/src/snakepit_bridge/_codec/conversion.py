"""What becomes of objects that MessagePack has no form for.

msgspec itself takes care of dataclasses, TypedDicts, NamedTuples, Enums, Decimals, UUIDs, sets, dates and Structs.
"""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from snakepit_bridge._codec import arrays

# Tried in this order; each gives a plainer value, which is converted again where need be.
_METHODS = ("model_dump", "to_dict", "_asdict", "tolist", "isoformat")


def convert(value: Any) -> Any:
    """A plainer stand-in for a value. Raises ``TypeError`` where there is none; msgspec calls this."""
    numpy = arrays.loaded_numpy()
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return arrays.write(numpy, value)
        if isinstance(value, numpy.generic):
            return _scalar(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, memoryview):
        return value.tobytes()
    if isinstance(value, PathLike):
        return fspath(value)
    # Looked up on the type: an object that answers to every name (a mock, a proxy) converts to nothing.
    for name in _METHODS:
        if callable(getattr(type(value), name, None)):
            return _converted(value, name)
    raise TypeError(f"no way to send a `{type_name(value)}`")


def type_name(value: object) -> str:
    """The qualified name of a value's type, without ``builtins``."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _scalar(value: Any) -> Any:
    plain = value.item()
    if isinstance(plain, (bool, int, float, str, bytes)):
        return plain
    # datetime64 and timedelta64 change their meaning with their unit, complex numbers have no form at all.
    raise TypeError(f"no way to send a `{type_name(value)}`")


def _converted(value: Any, name: str) -> Any:
    try:
        plain = getattr(value, name)()
    except RecursionError:
        raise
    except Exception as error:
        raise TypeError(f"`{type_name(value)}.{name}()` raised {type(error).__name__}: {_text(error)}") from error
    if plain is value:
        raise TypeError(f"`{type_name(value)}.{name}()` returns the object itself")
    return plain


def _text(error: Exception) -> str:
    try:
        return str(error)[:1000]
    except Exception:
        return "<no text>"
