"""Values on their way: what Python sees of what came, and what it sends of its own."""

import datetime
import math
import os
import pickle
from collections.abc import Iterator
from typing import Any

import numpy

from snakepit_bridge import tool


@tool
def echo(value: Any) -> Any:
    """Gives back what came."""
    return value


@tool
def stream_back(values: list[Any]) -> Iterator[Any]:
    """Gives back what came, one by one."""
    yield from values


@tool
def seen_as(value: Any) -> str:
    """What Python takes it for."""
    kind = type(value).__name__
    return f"{kind} {value.dtype} {value.shape}" if isinstance(value, numpy.ndarray) else f"{kind} {value!r}"[:200]


@tool
def python_values() -> dict:
    """What only Python can make."""
    return {
        "big": 2**100,
        "negative": -(2**70),
        "nan": math.nan,
        "inf": -math.inf,
        "zero": -0.0,
        "instant": datetime.datetime(2024, 2, 29, 12, 30, 15, 123000, tzinfo=datetime.timezone.utc),
        "bytes": bytes(range(256)),
        "tuple": (1, 2),
        "numpy_int": numpy.int64(7),
        "numpy_bool": numpy.bool_(True),
    }


@tool
def half_a_character() -> dict:
    """Half of a pair is no character."""
    return {"text": "a\ud800b"}


@tool
def arrays() -> dict:
    """Arrays of many kinds."""
    return {
        "float64": numpy.arange(6, dtype="float64").reshape(2, 3),
        "int8": numpy.array([-1, 2], dtype="int8"),
        "uint64": numpy.array([2**64 - 1], dtype="uint64"),
        "bool": numpy.array([True, False]),
        "float16": numpy.array([0.5], dtype="float16"),
        "complex": numpy.array([1 + 2j]),
        "empty": numpy.zeros((0, 3)),
        "strided": numpy.arange(10, dtype="int32")[::2],
        "fortran": numpy.asfortranarray(numpy.arange(6, dtype="int32").reshape(2, 3)),
        "big_endian": numpy.array([1, 256], dtype=">i4"),
    }


@tool
def total(values: Any) -> float:
    """Sums an array; where it is one, no element is copied."""
    return float(numpy.asarray(values).sum())


@tool
def block(size: int) -> bytes:
    """Many bytes."""
    return bytes(size)


@tool
def canary(path: str) -> bytes:
    """A pickle that would leave a file behind, where anybody reads it."""

    class Trap:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {path}",)

    return pickle.dumps(Trap())
