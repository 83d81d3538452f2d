"""n-dimensional arrays as raw bytes: numpy's arrays where numpy is there, shaped memoryviews where it is not."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from math import prod
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from snakepit_bridge.errors import UndecodableValue

EXTENSION = 0x4E

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


def is_array(value: object) -> bool:
    """True for what ``read`` gives: an array of numpy's, or a shaped memoryview."""
    if isinstance(value, memoryview):
        return True
    numpy = loaded_numpy()
    return numpy is not None and isinstance(value, numpy.ndarray)


def octets(value: Any) -> bytes | None:
    """The bytes of an array of ``uint8`` with one dimension; None for anything else."""
    if not is_array(value) or len(value.shape) != 1 or memoryview(value).format != "B":
        return None
    return bytes(value.tobytes())


def write(numpy: Any, array: Any) -> Ext:
    """A numpy array as an extension: length of the header, the header ``[dtype, shape]``, padding, the elements.

    The elements are little-endian, in C order, and begin at a multiple of 8 bytes.

    Raises ``TypeError`` for dtypes whose elements are not plain numbers.
    """
    name = array.dtype.name
    if name not in _LAYOUTS:
        raise TypeError(f"arrays of dtype `{name}` have no raw form: send `array.tolist()` instead")
    plain = numpy.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    header = msgspec.msgpack.encode((name, plain.shape))
    front = len(header).to_bytes(2, "little") + header
    # `reshape(-1)` of a contiguous array is a view; memoryviews cannot be cast where a dimension is 0.
    elements = memoryview(plain.reshape(-1).view(numpy.uint8))
    return Ext(EXTENSION, b"".join((front, bytes(-len(front) % 8), elements)))


def read(content: memoryview) -> Any:
    """The array of an extension's content: writable, aligned, with memory of its own."""
    name, shape, elements = _split(content)
    if loaded_numpy() is not None or find_spec("numpy") is not None:
        import numpy

        # A copy: the content may be unaligned, read-only, and part of a larger message.
        return numpy.frombuffer(elements, dtype=numpy.dtype(name).newbyteorder("<")).reshape(shape).astype(name)
    return _shaped(name, shape, elements)


def _split(content: memoryview) -> tuple[str, list[int], memoryview]:
    end = 2 + int.from_bytes(content[:2], "little")
    try:
        name, shape = _header.decode(content[2:end])
    except (ValueError, msgspec.DecodeError) as error:
        raise UndecodableValue("an array's header cannot be read") from error
    if name not in _LAYOUTS:
        raise UndecodableValue(f"arrays of dtype `{name}` are not known here")
    elements = content[end + -end % 8 :]
    expected = prod(shape) * _LAYOUTS[name][0]
    if min(shape, default=0) < 0 or elements.nbytes != expected:
        raise UndecodableValue(f"an array of {name} with shape {shape} has {expected} bytes, {elements.nbytes} came")
    return name, shape, elements


def _shaped(name: str, shape: list[int], elements: memoryview) -> Any:
    size, code = _LAYOUTS[name]
    own: Any = memoryview(bytearray(elements))
    if 0 in shape:
        return own.cast(code)
    if name.startswith("complex"):
        shape = [*shape, 2]
    return own.cast(code, shape) if shape or size == own.nbytes else own.cast(code)
