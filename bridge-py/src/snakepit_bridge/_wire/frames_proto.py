"""Frames as the protobuf messages of ``proto/snakepit/v1/worker.proto``, which gRPC carries.

A protobuf message may have its fields in any order, so a frame around a value is serialized without the value, and the
value itself stands behind it: it is copied once, into the message that is sent. What comes before the value is a few
bytes: tags and lengths, from the envelope down to the value's own field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from snakepit_bridge._protocol import frames
from snakepit_bridge._protocol.frame_codec import Pieces
from snakepit_bridge._protocol.frames import CANCELLED, ERROR, OK
from snakepit_bridge._protocol.frames import Frame as FrameFields
from snakepit_bridge._protocol.messages import End, Envelope, Frame, Items, Ok, Part, Start
from snakepit_bridge.errors import ProtocolError

_LENGTH_DELIMITED = 2
_ONE_BYTE = [bytes([value]) for value in range(0x80)]


class ProtoBatch:
    """Frames that leave together."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: Pieces = []

    @property
    def empty(self) -> bool:
        """True while nothing was added."""
        return not self._pieces

    def add(self, frame: FrameFields) -> None:
        """Adds a frame that holds everything."""
        kind = frame[0]
        if kind == frames.ITEMS:
            self.add_around(frame, [frame[4]])
            return
        message = Frame()
        _WRITERS[kind](message, frame)
        data = message.SerializeToString()
        self._pieces += [_FRAMES + _varint(len(data)), data]

    def add_around(self, frame: FrameFields, value: Sequence[bytes | memoryview]) -> None:
        """Adds a frame around a large value."""
        self._pieces += [_FRONTS[frame[0]](frame, sum(map(len, value))), *value]

    def message(self) -> Pieces:
        """The message, in pieces."""
        return self._pieces


class ProtoFrames:
    """The codec."""

    name = "protobuf"

    def batch(self) -> ProtoBatch:
        """A new batch."""
        return ProtoBatch()

    def read(self, message: bytes) -> Iterator[FrameFields]:
        """The frames of a message. Raises ``ProtocolError``."""
        try:
            envelope = Envelope.FromString(message)
        except DecodeError as error:
            raise ProtocolError(f"a message of {len(message)} bytes holds no frames: {error}") from error
        for frame in envelope.frames:
            kind = frame.WhichOneof("kind")
            reader = _READERS.get(kind)
            if reader is not None:
                yield reader(getattr(frame, kind))


# Writing: a frame that holds everything.


def _write_hello(frame: Any, fields: FrameFields) -> None:
    hello = frame.hello
    _, hello.protocol, hello.incarnation, hello.token, codecs, hello.version, runtime, tools = fields
    hello.codecs.extend(codecs)
    if runtime is not None:
        said = hello.runtime
        said.pid, said.executable, said.version, said.implementation, said.platform, packages = runtime
        said.packages.update(packages)
    for told in tools:
        tool = hello.tools.add()
        tool.name, tool.description, tool.kind, parameters, *schemas, metadata = told
        tool.input_schema, tool.output_schema, tool.chunk_schema = schemas
        tool.metadata.update(metadata)
        for name, kind, required, default, description in parameters:
            tool.parameters.add(name=name, type=kind, required=required, default_value=default, description=description)


def _write_start(frame: Any, fields: FrameFields) -> None:
    _fill_start(frame.start, fields)
    frame.start.arguments = fields[3]


def _fill_start(start: Any, fields: FrameFields) -> None:
    _, start.call, start.tool, _value, window, start.time_left_ms, session, metadata, start.input = fields
    if window is not None:
        start.stream = True
        start.window.items, start.window.bytes = window
    if session is not None:
        start.session.id = session[0]
        start.session.metadata.update(session[1])
    if metadata:
        start.metadata.update(metadata)


def _write_credit(frame: Any, fields: FrameFields) -> None:
    credit = frame.credit
    _, credit.call, credit.items, credit.bytes = fields


def _write_end(frame: Any, fields: FrameFields) -> None:
    end = frame.end
    end.call = fields[1]
    outcome = fields[2]
    if outcome == OK:
        _fill_ok(end.ok, fields)
        end.ok.value = fields[3]
    elif outcome == ERROR:
        _fill_error(end.error, fields[3:8])
    elif outcome == CANCELLED:
        end.cancelled.rung = fields[3]
        if fields[4] is not None:
            _fill_error(end.cancelled.error, fields[4])
    end.timings.queued_us, end.timings.run_us = fields[-2:]


def _fill_ok(ok: Any, fields: FrameFields) -> None:
    if fields[4]:
        ok.marked = True
    if fields[5]:
        ok.metadata.update(fields[5])


def _fill_error(error: Any, fields: Sequence[Any]) -> None:
    error.code, error.message, details, exception, error.began = fields
    error.details.update(details)
    if exception is not None:
        _fill_exception(error.exception, exception)


def _fill_exception(out: Any, exception: Sequence[Any]) -> None:
    out.type, bases, out.message, notes, stack, out.traceback, cause, out.category, out.truncated, members = exception
    out.bases.extend(bases)
    out.notes.extend(notes)
    for file, line, function, source in stack:
        out.frames.add(file=file, line=line, function=function, source=source)
    if cause is not None:
        _fill_exception(out.cause, cause)
    for member in members:
        _fill_exception(out.members.add(), member)


def _write_cancel(frame: Any, fields: FrameFields) -> None:
    _, frame.cancel.call, frame.cancel.reason = fields


def _write_progress(frame: Any, fields: FrameFields) -> None:
    _, frame.progress.call, frame.progress.value = fields


def _write_log(frame: Any, fields: FrameFields) -> None:
    log = frame.log
    _, log.call, log.level, log.source, log.message, log.time_ms, log.fields, shown = fields
    if shown is not None:
        log.shown = shown


def _write_pong(frame: Any, fields: FrameFields) -> None:
    _, frame.pong.nonce, frame.pong.ticks = fields


_WRITERS: Mapping[int, Callable[[Any, FrameFields], None]] = {
    frames.HELLO: _write_hello,
    frames.START: _write_start,
    frames.CREDIT: _write_credit,
    frames.END: _write_end,
    frames.CANCEL: _write_cancel,
    frames.PROGRESS: _write_progress,
    frames.LOG: _write_log,
    frames.PONG: _write_pong,
}


# Writing: the front of a frame around a value.


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


def _items_front(fields: FrameFields, body: int) -> bytes:
    _, call, first, sizes, _body, marks = fields
    message = Items(call=call, first=first, sizes=sizes)
    for index, metadata in marks or ():
        message.marks.add(index=index).metadata.update(metadata)
    return _front(body, (message.SerializeToString(), _ITEMS_BODY), (b"", _ITEMS))


def _part_front(fields: FrameFields, size: int) -> bytes:
    return _front(size, (Part(call=fields[1]).SerializeToString(), _PART_DATA), (b"", _PART))


def _start_front(fields: FrameFields, size: int) -> bytes:
    message = Start()
    _fill_start(message, fields)
    return _front(size, (message.SerializeToString(), _START_ARGUMENTS), (b"", _START))


def _end_front(fields: FrameFields, size: int) -> bytes:
    ok, end = Ok(), End(call=fields[1])
    _fill_ok(ok, fields)
    end.timings.queued_us, end.timings.run_us = fields[-2:]
    return _front(size, (ok.SerializeToString(), _OK_VALUE), (end.SerializeToString(), _END_OK), (b"", _END))


_FRONTS: Mapping[int, Callable[[FrameFields, int], bytes]] = {
    frames.ITEMS: _items_front,
    frames.PART: _part_front,
    frames.START: _start_front,
    frames.END: _end_front,
}


def _front(size: int, *levels: tuple[bytes, bytes]) -> bytes:
    """What stands before a value of ``size`` bytes that ends its frame.

    Each level, innermost first, is a message that the value is in: the fields before, and the tag that leads inwards.
    """
    front = b""
    for fields, tag in (*levels, (b"", _FRAMES)):
        front = fields + tag + _varint(size + len(front)) + front
    return front


# Reading.


def _read_hello(said: Any) -> FrameFields:
    # The host's: it has no runtime and offers no tools.
    return (frames.HELLO, said.protocol, said.incarnation, said.token, list(said.codecs), said.version, None, ())


def _read_start(start: Any) -> FrameFields:
    return (
        frames.START,
        start.call,
        start.tool,
        start.arguments,
        (start.window.items, start.window.bytes) if start.stream else None,
        start.time_left_ms,
        (start.session.id, dict(start.session.metadata)) if start.HasField("session") else None,
        # Making a dict of protobuf's empty map costs more than asking.
        dict(start.metadata) if len(start.metadata) else None,
        start.input,
    )


def _read_items(items: Any) -> FrameFields:
    marks = [(mark.index, dict(mark.metadata)) for mark in items.marks] if len(items.marks) else None
    return (frames.ITEMS, items.call, items.first, list(items.sizes), items.body, marks)


def _read_end(end: Any) -> FrameFields:
    times = (end.timings.queued_us, end.timings.run_us)
    outcome = end.WhichOneof("outcome")
    if outcome == "ok":
        ok = end.ok
        return (frames.END, end.call, OK, ok.value, ok.marked, dict(ok.metadata), *times)
    if outcome == "error":
        return (frames.END, end.call, ERROR, *_read_error(end.error), *times)
    if outcome == "cancelled":
        error = _read_error(end.cancelled.error) if end.cancelled.HasField("error") else None
        return (frames.END, end.call, CANCELLED, end.cancelled.rung, error, *times)
    raise ProtocolError(f"call {end.call} was ended without saying how")


def _read_error(said: Any) -> Sequence[Any]:
    exception = _read_exception(said.exception) if said.HasField("exception") else None
    return (said.code, said.message, dict(said.details), exception, said.began)


def _read_exception(said: Any) -> Sequence[Any]:
    stack = [(frame.file, frame.line, frame.function, frame.source) for frame in said.frames]
    cause = _read_exception(said.cause) if said.HasField("cause") else None
    texts = (said.type, list(said.bases), said.message, list(said.notes), stack, said.traceback)
    return (*texts, cause, said.category, said.truncated, [_read_exception(each) for each in said.members])


_READERS: Mapping[str | None, Callable[[Any], FrameFields]] = {
    "hello": _read_hello,
    "start": _read_start,
    "part": lambda part: (frames.PART, part.call, part.data),
    "items": _read_items,
    "credit": lambda credit: (frames.CREDIT, credit.call, credit.items, credit.bytes),
    "end": _read_end,
    "cancel": lambda cancel: (frames.CANCEL, cancel.call, cancel.reason),
    "progress": lambda progress: (frames.PROGRESS, progress.call, progress.value),
    "session_end": lambda end: (frames.SESSION_END, end.session, end.reason),
    "ping": lambda ping: (frames.PING, ping.nonce),
    "shutdown": lambda shutdown: (frames.SHUTDOWN, shutdown.grace_ms),
}
