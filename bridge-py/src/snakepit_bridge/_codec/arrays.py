"""n-dimensional arrays as raw bytes: numpy's arrays where numpy is there, shaped memoryviews where it is not."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from math import prod
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from snakepit_bridge.errors import UndecodableValue

EXTENSION = 1

# numpy's name -> bytes of one element, and the format that a memoryview knows it by. memoryview knows no halves and no
# complex numbers: those show as raw 16 bits, and as pairs of floats in one more dimension.
_LAYOUTS: dict[str, tuple[int, str]] = {
    "bool": (1, "?"),
    "int8": (1, "b"),
    "int16": (2, "h"),
    "int32": (4, "i"),
    "int64": (8, "q"),
    "uint8": (1, "B"),
    "uint16": (2, "H"),
    "uint32": (4, "I"),
    "uint64": (8, "Q"),
    "float16": (2, "H"),
    "float32": (4, "f"),
    "float64": (8, "d"),
    "complex64": (8, "f"),
    "complex128": (16, "d"),
}

_header = msgspec.msgpack.Decoder(tuple[str, list[int]])


def loaded_numpy() -> Any:
    """numpy if the tool has imported it; a value that came from numpy cannot exist otherwise."""
    return sys.modules.get("numpy")


def write(numpy: Any, array: Any) -> Ext:
    """A numpy array as an extension: ``[dtype, shape]``, padding to 8 bytes, elements little-endian in C order.

    Raises ``TypeError`` for dtypes whose elements are not plain numbers.
    """
    name = array.dtype.name
    if name not in _LAYOUTS:
        raise TypeError(f"arrays of dtype `{name}` have no raw form: send `array.tolist()` instead")
    plain = numpy.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    header = msgspec.msgpack.encode((name, plain.shape))
    padding = bytes(-len(header) % 8)
    # `reshape(-1)` of a contiguous array is a view; memoryviews cannot be cast where a dimension is 0.
    return Ext(EXTENSION, b"".join((header, padding, memoryview(plain.reshape(-1).view(numpy.uint8)))))


def read(content: memoryview) -> Any:
    """The array of an extension's content: writable, aligned, with memory of its own."""
    name, shape, elements = _split(content)
    if loaded_numpy() is not None or find_spec("numpy") is not None:
        import numpy

        # A copy: the content may be unaligned, read-only, and part of a larger message.
        return numpy.frombuffer(elements, dtype=numpy.dtype(name).newbyteorder("<")).reshape(shape).astype(name)
    return _shaped(name, shape, elements)


def _split(content: memoryview) -> tuple[str, list[int], memoryview]:
    name, shape, end = _read_header(content)
    if name not in _LAYOUTS:
        raise UndecodableValue(f"arrays of dtype `{name}` are not known here")
    elements = content[end + -end % 8 :]
    expected = prod(shape) * _LAYOUTS[name][0]
    if min(shape, default=0) < 0 or elements.nbytes != expected:
        raise UndecodableValue(f"an array of {name} with shape {shape} has {expected} bytes, {elements.nbytes} came")
    return name, shape, elements


def _read_header(content: memoryview) -> tuple[str, list[int], int]:
    # msgspec reads one value and refuses what follows, so the header's end has to be found first.
    try:
        end = _end_of_header(content)
        name, shape = _header.decode(content[:end])
    except (IndexError, ValueError) as error:
        raise UndecodableValue("an array's header cannot be read") from error
    return name, shape, end


def _end_of_header(content: memoryview) -> int:
    position = 1  # fixarray of 2
    name = content[position]
    if name & 0xE0 == 0xA0:
        position += 1 + (name & 0x1F)
    elif name == 0xD9:
        position += 2 + content[position + 1]
    else:
        raise ValueError("no text where the dtype should be")
    shape = content[position]
    position += 1
    if shape & 0xF0 == 0x90:
        count = shape & 0x0F
    elif shape == 0xDC:
        count = int.from_bytes(content[position : position + 2], "big")
        position += 2
    else:
        raise ValueError("no list where the shape should be")
    for _ in range(count):
        marker = content[position]
        position += 1 + (_INTEGER_BYTES[marker] if marker >= 0x80 else 0)
    return position


# uint8..uint64 and int8..int64 of MessagePack, and the bytes that follow their marker.
_INTEGER_BYTES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}


def _shaped(name: str, shape: list[int], elements: memoryview) -> Any:
    size, code = _LAYOUTS[name]
    own: Any = memoryview(bytearray(elements))
    if 0 in shape:
        return own.cast(code)
    if name.startswith("complex"):
        shape = [*shape, 2]
    return own.cast(code, shape) if shape or size == own.nbytes else own.cast(code)
