"""The slow paths of encoding: what the encoder refuses but can be mended, and where in a value a fault is."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import msgspec

from snakepit_bridge._codec import extensions
from snakepit_bridge._codec.conversion import convert, type_name
from snakepit_bridge.errors import UnserializableValue

# msgspec stops somewhat below Python's own recursion limit.
_MAX_DEPTH = 900

_MIN, _MAX = -(1 << 63), (1 << 64) - 1


def mend(value: Any, encode: Callable[[Any], bytes], depth: int = 0) -> Any:
    """The value with integers beyond 64 bits as extensions, and memoryviews with gaps as bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if _MIN <= value <= _MAX else extensions.write_integer(int(value))
    if isinstance(value, memoryview):
        return value if value.c_contiguous else value.tobytes()
    if depth > _MAX_DEPTH:
        return value  # the encoder will say so
    if isinstance(value, dict):
        return {key: mend(item, encode, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mend(item, encode, depth + 1) for item in value]
    # An object: left alone unless what is to be mended is inside it.
    try:
        encode(value)
    except (OverflowError, BufferError):
        return mend(_opened(value), encode, depth + 1)
    except Exception:
        return value  # the encoder will say so
    return value


def _opened(value: Any) -> Any:
    """One step into an object."""
    if isinstance(value, Enum):
        return value.value
    fields = _fields(value)
    return convert(value) if fields is None else fields


def explain(value: Any, error: Exception, encode: Callable[[Any], bytes]) -> UnserializableValue:
    """What is wrong with a value that the encoder refused, and where."""
    fault = _find(value, error, encode)
    return UnserializableValue(_reason(fault)[:4096], path=_shorten(fault.path), type_name=type_name(fault.culprit))


@dataclasses.dataclass
class _Fault:
    path: str
    culprit: Any
    error: Exception
    cyclic: bool = False


def _reason(fault: _Fault) -> str:
    name, error = type_name(fault.culprit), fault.error
    if fault.cyclic:
        return f"a `{name}` contains itself: send it without the cycle"
    if isinstance(error, RecursionError):
        return "the value is nested too deep to be sent"
    if isinstance(error, UnicodeEncodeError):
        return "a text holds a lone surrogate, which UTF-8 cannot say: send `.encode('utf-8', 'replace').decode()`"
    if str(error).startswith("no way to send"):
        return f"{error}: send plain data, or give the class a `to_dict()`"
    return str(error)


def _find(value: Any, error: Exception, encode: Callable[[Any], bytes]) -> _Fault:
    """Walks towards the fault: always into the first part that cannot be encoded by itself."""
    fault = _Fault("$", value, error)
    # Holds on to what was converted on the way, so that no id is met twice by accident.
    trail = [value]
    while len(trail) < _MAX_DEPTH:
        inner = _first_faulty_part(fault, encode)
        if inner is None:
            return fault
        fault = inner
        if any(fault.culprit is outer for outer in trail):
            fault.cyclic = True
            return fault
        trail.append(fault.culprit)
    return fault


def _first_faulty_part(fault: _Fault, encode: Callable[[Any], bytes]) -> _Fault | None:
    for step, part in _parts(fault.culprit):
        try:
            encode(part)
        except (OverflowError, BufferError):
            continue  # what can be mended is no fault
        except Exception as error:
            return _Fault(fault.path + step, part, error)
    return None


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield _step(key), item
            yield f"{_step(key)}~", key
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, item in enumerate(value):
            yield f"[{index}]", item
    elif not _is_plain(value):
        fields = _fields(value)
        if fields is not None:
            yield from ((f".{name}", item) for name, item in fields.items())
            return
        try:
            yield "", convert(value)
        except Exception:
            return


def _fields(value: Any) -> dict[str, Any] | None:
    if isinstance(value, msgspec.Struct):
        return {field.encode_name: getattr(value, field.name) for field in msgspec.structs.fields(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: getattr(value, field.name) for field in dataclasses.fields(value) if hasattr(value, field.name)
        }
    return None


def _step(key: object) -> str:
    if isinstance(key, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return f".{key}"
    try:
        return f"[{ascii(key)[:80]}]"
    except Exception:  # a `__repr__` of the user's
        return f"[<{type_name(key)}>]"


def _is_plain(value: object) -> bool:
    return value is None or type(value) in (bool, int, float, str, bytes, bytearray, memoryview, msgspec.msgpack.Ext)


def _shorten(path: str) -> str:
    return path if len(path) <= 400 else f"{path[:200]}…{path[-200:]}"
