"""Frames around values that are copied once: into the message that is sent.

A protobuf message may have its fields in any order, so a frame is serialized without its value, and the value itself
stands behind it. What comes before the value is a few bytes: tags and lengths, from the envelope down to the value's
own field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snakepit_bridge._protocol.messages import End, Envelope, Frame, Items, Ok, Part, Start

# The front of a frame around a value of that many bytes.
Opening = Callable[[int], bytes]

_LENGTH_DELIMITED = 2
_ONE_BYTE = [bytes([value]) for value in range(0x80)]


def _tag(message: Any, field: str) -> bytes:
    return _varint(message.DESCRIPTOR.fields_by_name[field].number << 3 | _LENGTH_DELIMITED)


def _varint(value: int) -> bytes:
    if value < 0x80:
        return _ONE_BYTE[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_FRAMES = _tag(Envelope, "frames")
_ITEMS, _ITEMS_BODY = _tag(Frame, "items"), _tag(Items, "body")
_PART, _PART_DATA = _tag(Frame, "part"), _tag(Part, "data")
_START, _START_ARGUMENTS = _tag(Frame, "start"), _tag(Start, "arguments")
_END, _END_OK, _OK_VALUE = _tag(Frame, "end"), _tag(End, "ok"), _tag(Ok, "value")


def whole(frame: Any) -> list[bytes | memoryview]:
    """A frame that holds everything already, in pieces."""
    data = frame.SerializeToString()
    return [_FRAMES + _varint(len(data)), data]


def items(call: int, first: int, sizes: Sequence[int], body: int, marks: Mapping[int, Mapping[str, str]]) -> bytes:
    """The front of an ``Items`` frame around ``body`` bytes."""
    message = Items(call=call, first=first, sizes=sizes)
    for index, metadata in marks.items():
        message.marks.add(index=index).metadata.update(metadata)
    return _front(body, (message.SerializeToString(), _ITEMS_BODY), (b"", _ITEMS))


def part(call: int, size: int) -> bytes:
    """The front of a ``Part`` frame around ``size`` bytes."""
    return _front(size, (Part(call=call).SerializeToString(), _PART_DATA), (b"", _PART))


def start(message: Any) -> Opening:
    """Fronts of a ``Start`` frame around its arguments."""
    return lambda size: _front(size, (message.SerializeToString(), _START_ARGUMENTS), (b"", _START))


def end(message: Any) -> Opening:
    """Fronts of an ``End`` frame around the value of its ``ok``, which holds everything else."""
    ok = message.ok.SerializeToString()
    message.ClearField("ok")
    fields = message.SerializeToString()
    return lambda size: _front(size, (ok, _OK_VALUE), (fields, _END_OK), (b"", _END))


def _front(size: int, *levels: tuple[bytes, bytes]) -> bytes:
    """What stands before a value of ``size`` bytes that ends its frame.

    Each level, innermost first, is a message that the value is in: the fields before, and the tag that leads inwards.
    """
    front = b""
    for fields, tag in (*levels, (b"", _FRAMES)):
        front = fields + tag + _varint(size + len(front)) + front
    return front
