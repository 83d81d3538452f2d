"""Tools of a worker whose frames are not what they should be: a mode names the rule that is broken.

The adapter is imported before the worker has a wire, so it can keep hold of the peer to write frames past it.
"""

# ruff: noqa: INP001
from __future__ import annotations

import asyncio
import os
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from snakepit_bridge import context, tool
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.messages import Envelope, Frame

_FULL = 1 << 30

_peers: list[Peer] = []
_make = Peer.__init__


def _make_and_keep(self: Peer, **options: Any) -> None:
    _make(self, **options)
    _peers.append(self)


Peer.__init__ = _make_and_keep  # type: ignore[method-assign]


class _Raw:
    """Bytes in the outbox's queue, as if they were a strand with frames."""

    cargo = None
    scheduled = False

    def __init__(self, data: bytes) -> None:
        self.queue: deque[Any] = deque()
        self._data = data

    def take(self, batch: Any, _room: int) -> int:
        """All of it, whatever the room; full is the message then, so that it travels alone."""
        batch._pieces.append(self._data)
        return _FULL


def _say(*frames: Any) -> None:
    """Says frames at once, in order, behind whatever was said before."""
    _say_bytes(Envelope(frames=frames).SerializeToString())


def _say_bytes(data: bytes) -> None:
    _peers[0].outbox._ready.put(_Raw(data))  # type: ignore[arg-type]


def _me() -> int:
    return context.call_id


def _items(first: int = 0, count: int = 1, call: int = 0, body: bytes = b"\x01", sizes: list[int] | None = None) -> Any:
    frame = Frame()
    items = frame.items
    items.call = call or _me()
    items.first = first
    items.sizes.extend(sizes if sizes is not None else [len(body)] * count)
    items.body = body * count
    return frame


def _end(call: int = 0, value: bytes = b"\x07") -> Any:
    frame = Frame()
    frame.end.call = call or _me()
    frame.end.ok.value = value
    return frame


def _end_without_outcome() -> Any:
    frame = Frame()
    frame.end.call = _me()
    return frame


def _end_with_error(code: str, message: str = "", **details: str) -> Any:
    frame = Frame()
    frame.end.call = _me()
    frame.end.error.code = code
    frame.end.error.message = message
    frame.end.error.details.update(details)
    return frame


def _deep_error(depth: int) -> Any:
    """An exception with so many causes, put together from the inside as bytes: protobuf would not nest it."""

    def field(number: int, data: bytes) -> bytes:
        return bytes([number << 3 | 2]) + _varint(len(data)) + data

    exception = b"\x0a\x01E"
    for _ in range(depth):
        exception = field(7, exception)
    error = field(1, b"python_error") + field(3, exception)
    end = b"\x08" + _varint(_me()) + field(3, error)
    return field(1, field(6, end))


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _start(call: int) -> Any:
    frame = Frame()
    frame.start.call = call
    frame.start.tool = "nothing"
    frame.start.arguments = b"\x80"
    return frame


def _part(call: int, data: bytes = b"x" * 1000) -> Any:
    frame = Frame()
    frame.part.call = call
    frame.part.data = data
    return frame


def _hello(token: str = "") -> Any:
    frame = Frame()
    frame.hello.protocol = 1
    frame.hello.token = token
    return frame


def _with(kind: str, **fields: Any) -> Any:
    frame = Frame()
    message = getattr(frame, kind)
    message.SetInParent()
    for name, value in fields.items():
        setattr(message, name, value)
    return frame


def _log(message: str) -> Any:
    return _with("log", source="stdout", message=message, level=2, time_ms=1)


def _flood(frame: Any, count: int) -> None:
    message = Envelope(frames=[frame] * 1000).SerializeToString()
    for _ in range(count // 1000):
        _say_bytes(message)


_MODES: dict[str, Callable[[], object]] = {
    # Bytes that are no message.
    "truncated_varint": lambda: _say_bytes(b"\x0a\xff"),
    "garbage": lambda: _say_bytes(random.Random(7).randbytes(5000)),
    "endless_varint": lambda: _say_bytes(b"\xff" * 5000),
    "tag_0_before_the_end": lambda: _say_bytes(b"\0" + Envelope(frames=[_end()]).SerializeToString()),
    "tag_0": lambda: _say_bytes(b"\0"),
    "wrong_wire_type": lambda: _say_bytes(b"\x0a\x04\x32\x02\x0d\x01"),
    "group_never_ends": lambda: _say_bytes(b"\x0b" * 1000),
    "invalid_utf8": lambda: _say_bytes(b"\x0a\x09\x4a\x07\x1a\x05out\xff\xfe"),
    "message_too_large": lambda: _say_bytes(Envelope(frames=[_part(_me(), bytes(17 << 20))]).SerializeToString()),
    "number_beyond_53_bits": lambda: _say(_with("pong", nonce=1, ticks=(1 << 64) - 1)),
    "item_beyond_53_bits": lambda: _say(_items(first=(1 << 60) + 1)),
    # Messages that are allowed, though nobody needs them.
    "empty_message": lambda: _say_bytes(b""),
    "empty_frames": lambda: _say(*[Frame() for _ in range(10_000)]),
    "unknown_field": lambda: _say_bytes(b"\xfa\xff\xff\xff\x0f\x02hi" * 1000),
    "unknown_kind": lambda: _say_bytes(b"\x0a\x06\xf2\x01\x03abc"),
    # Words out of their place.
    "second_hello": lambda: _say(_hello()),
    "second_hello_wrong_token": lambda: _say(_hello("0" * 64)),
    "shutdown": lambda: _say(_with("shutdown", grace_ms=0)),
    "session_end": lambda: _say(_with("session_end", session="s", reason=1)),
    "pong_for_nobody": lambda: _say(_with("pong", nonce=99, ticks=1)),
    "cancel_for_nobody": lambda: _say(_with("cancel", call=99)),
    "cancel_of_own": lambda: _say(_with("cancel", call=_me())),
    "credit_for_nobody": lambda: _say(_with("credit", call=98, items=1, bytes=1)),
    "credit_of_own": lambda: _say(_with("credit", call=_me(), items=1 << 40, bytes=1 << 40)),
    "start_with_odd_id": lambda: _say(_start(_me() + 2)),
    "start_with_own_id": lambda: _say(_start(_me())),
    "start_with_id_0": lambda: _say(_start(0)),
    "start_of_unknown_tool": lambda: _say(_start(2)),
    "start_twice": lambda: _say(_start(2), _start(2)),
    # Items.
    "items_for_a_plain_call": lambda: _say(_items()),
    "items_for_nobody": lambda: _say(_items(call=999)),
    "items_without_credit": lambda: _say(_items(count=1000)),
    "bytes_without_credit": lambda: _say(
        *[_items(first=i, body=b"\xc6\0\x0f\xff\xfb" + bytes(1048571)) for i in range(9)]
    ),
    "items_with_a_gap": lambda: _say(_items(first=5)),
    "items_again": lambda: _say(_items(), _items()),
    "items_of_wrong_size": lambda: _say(_items(sizes=[9])),
    "items_of_no_size": lambda: _say(_items(sizes=[], body=b"")),
    "items_after_the_end": lambda: _say(_end(), _items(), _items(first=1), _items(first=1)),
    "item_of_nonsense": lambda: _say(_items(body=b"\x92\x01"), _end()),
    "item_of_size_0": lambda: _say(_items(sizes=[0], body=b""), _end()),
    # Ends.
    "end_twice": lambda: _say(_end(), _end(value=b"\x08")),
    "end_without_outcome": lambda: _say(_end_without_outcome()),
    "end_for_nobody": lambda: _say(_end(call=999)),
    "end_of_the_largest_id": lambda: _say(_end(call=(1 << 32) - 1)),
    "end_of_reserved_byte": lambda: _say(_end(value=b"\xc1")),
    "end_of_nonsense": lambda: _say(_end(value=b"\x92\x01")),
    "end_with_trailing_bytes": lambda: _say(_end(value=b"\x07\x07")),
    "end_with_nothing": lambda: _say(_end(value=b"")),
    "end_of_deep_value": lambda: _say(_end(value=b"\x91" * 1_000_000 + b"\x01")),
    "end_of_vast_array": lambda: _say(_end(value=b"\xdd\xff\xff\xff\xff")),
    "end_of_vast_map": lambda: _say(_end(value=b"\xdf\xff\xff\xff\xff")),
    "end_of_vast_bytes": lambda: _say(_end(value=b"\xc6\xff\xff\xff\xff")),
    "end_with_proto_key": lambda: _say(_end(value=b"\x81\xa9__proto__\x81\xa8polluted\xc3")),
    "end_with_unknown_code": lambda: _say(_end_with_error("no_such_code", "odd")),
    "end_with_hosts_code": lambda: _say(_end_with_error("invalid_option", "odd")),
    "end_with_proto_details": lambda: _say(_end_with_error("python_error", "odd", __proto__="polluted")),
    "end_with_deep_causes": lambda: _say_bytes(_deep_error(200)),
    "end_with_very_deep_causes": lambda: _say_bytes(_deep_error(5000)),
    # Parts.
    "parts_without_end": lambda: _say(*[_part(_me()) for _ in range(100)]),
    "parts_for_nobody": lambda: _say(*[_part(999) for _ in range(100)]),
    "parts_of_calls_to_come": lambda: _say(*[_part(2 * i) for i in range(1, 1001)]),
    "parts_then_another_end": lambda: _say(_part(_me(), b"\xc4\x02ab"), _end_with_error("python_error", "x")),
    # Floods.
    "flood_of_pings": lambda: _flood(_with("ping", nonce=1), 50_000),
    "flood_of_logs": lambda: _flood(_log("again"), 20_000),
    "flood_of_progress": lambda: _flood(_with("progress", call=_me(), value=b"\x01"), 50_000),
    "flood_of_telemetry": lambda: _flood(_with("telemetry", event="__proto__"), 50_000),
    "flood_of_starts": lambda: _say(*[_start(2 * i) for i in range(1, 5001)]),
    "progress_of_nonsense": lambda: _say(_with("progress", call=_me(), value=b"\xc1")),
    "log_forged": lambda: _say(_log("a\x1b]52;c;eA==\x07b\nfake\r\u2028c"), _with("log", call=77, level=77)),
}


@tool
def rogue(mode: str) -> str:
    """Breaks a rule in the course of a plain call, and then ends well."""
    _MODES[mode]()
    return "well"


@tool
def rogue_stream(mode: str) -> Iterator[str]:
    """Breaks a rule before the first chunk of a stream."""
    _MODES[mode]()
    yield "well"


@tool
def many_causes(depth: int) -> None:
    """Fails because of so many failures before, as retries do; breaks no rule."""
    error = ValueError("the first")
    for _ in range(depth):
        try:
            raise ValueError("because") from error
        except ValueError as again:
            error = again
    raise error


@tool
def modes() -> list[str]:
    """The rules that can be broken."""
    return list(_MODES)


@tool
def pid() -> int:
    """This worker."""
    return os.getpid()


@tool
def echo(value: int) -> int:
    """The same."""
    return value


@tool
async def waits() -> None:
    """Until it is cancelled."""
    print("waiting", flush=True)
    await asyncio.Event().wait()


@tool
async def ticks() -> AsyncIterator[int]:
    """A number every few milliseconds, for ever."""
    number = 0
    while True:
        yield number
        number += 1
        await asyncio.sleep(0.002)
