"""The pipe: frames whole and in order, whatever their size, whoever writes them, and however they are cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snakepit_bridge._peer.cargo import PART_BYTES
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.frames import END, HELLO, ITEMS, OK, PART, PING, PONG, START
from snakepit_bridge._wire.frames_msgpack import MsgpackFrames
from snakepit_bridge._wire.pipe import MAX_MESSAGE_BYTES, Pipe
from snakepit_bridge.errors import ProtocolError

CODEC = MsgpackFrames()
WAIT = 10.0
_OPEN: list[Ends] = []


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


class Ends:
    """A pipe with a peer behind it, and the other end of its socket pair."""

    def __init__(self, **options: Any) -> None:
        ours, self.far = socket.socketpair()
        self.far.settimeout(WAIT)
        self.peer = Peer(first_id=2, serve=options.pop("serve", lambda call: None), **options)
        self.pipe = Pipe(ours.detach(), CODEC, self.peer)
        self._stream = self.far.makefile("rb")
        _OPEN.append(self)

    def close(self) -> None:
        self.peer.outbox.close()
        for each in (self._stream, self.far, self.pipe._socket):
            each.close()

    def sending(self) -> None:
        threading.Thread(target=self.pipe.send_all, daemon=True).start()

    def say(self, *frames: Any) -> None:
        self.far.sendall(message(*frames))

    def heard(self) -> Iterator[Any]:
        """The frames that come, one by one."""
        while len(head := self._stream.read(4)) == 4:
            yield from CODEC.read(self._stream.read(int.from_bytes(head, "big")))


def message(*frames: Any) -> bytes:
    data = msgspec.msgpack.encode(frames)
    return len(data).to_bytes(4, "big") + data


@pytest.mark.proves("WIRE-03", "PAYLOAD-03")
@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 100_000, PART_BYTES, 3 * PART_BYTES + 5])
def test_a_value_of_any_size_arrives_whole(size: int) -> None:
    ends = Ends(serve=lambda call: call.claim() and call.succeed(bytes(size)))
    ends.sending()
    ends.say((START, 1, "any", b"\x80", None, 0, None, None, False))
    assert ends.pipe.receive()
    value = b""
    for frame in ends.heard():
        if frame[0] == PART:
            value += frame[2]
        else:
            assert frame[:3] == [END, 1, OK]
            assert len(value + frame[3]) == size
            break


@pytest.mark.proves("WIRE-03", "STREAM-01")
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=40), st.booleans())
@settings(max_examples=30)
def test_items_keep_their_order_whoever_writes_them(items: list[bytes], flushes: bool) -> None:
    ends = Ends()
    ends.peer.outbox.send_now = ends.pipe.send_now
    strand = ends.peer.outbox.strand(1)
    ends.sending()
    for index, item in enumerate(items):
        (strand.send_item if index % 2 else strand.add)(item)
        if flushes:
            ends.pipe.flush()
    came: list[bytes] = []
    for frame in ends.heard():
        _, call, first, sizes, body, _ = frame
        assert (frame[0], call, first) == (ITEMS, 1, len(came))
        start = 0
        for size in sizes:
            came.append(body[start : start + size])
            start += size
        if len(came) == len(items):
            break
    assert came == items


@pytest.mark.proves("WIRE-03")
def test_what_the_system_did_not_take_at_once_goes_first() -> None:
    ends = Ends()
    ends.peer.outbox.send_now = ends.pipe.send_now
    item = bytes(4000)
    # Nobody reads: the socket fills, and what it has no room for waits.
    for call in range(1, 400, 2):
        ends.peer.outbox.strand(call).send_item(item)
    ends.sending()
    came = {frame[1] for _, frame in zip(range(200), ends.heard(), strict=False)}
    assert came == set(range(1, 400, 2))


@pytest.mark.proves("WIRE-03", "SEC-03")
@given(st.data())
@settings(max_examples=40)
def test_messages_may_be_cut_anywhere(data: st.DataObject) -> None:
    heard: list[int] = []
    ends = Ends(control=lambda frame: heard.append(frame[1]))
    sizes = data.draw(st.lists(st.sampled_from([1, 50, 70_000, 200_000]), min_size=1, max_size=4))
    # A field that is not known carries the bytes.
    stream = b"".join(message((PING, number, bytes(size))) for number, size in enumerate(sizes))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))

    def send() -> None:
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            ends.far.sendall(stream[start:end])
        ends.far.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    while ends.pipe.receive():
        pass
    sender.join(WAIT)
    assert heard == list(range(len(sizes)))


@pytest.mark.proves("WIRE-03", "SEC-03")
@pytest.mark.parametrize(
    "said",
    [
        (0).to_bytes(4, "big"),
        (MAX_MESSAGE_BYTES + 1).to_bytes(4, "big"),
        (1).to_bytes(4, "big") + b"\xc1",
        message(7),
        message([PING]),
        message([START, "one"]),
        message([START, 1, "any", b"", 7, 0, None, None, False]),
        message([HELLO, 1]),
    ],
)
def test_what_is_no_frame_breaks_the_protocol(said: bytes) -> None:
    ends = Ends(control=lambda frame: frame[1])
    ends.far.sendall(said)
    with pytest.raises(ProtocolError):
        ends.pipe.receive()


@pytest.mark.proves("WIRE-03")
def test_the_end_of_the_other_side_is_the_end() -> None:
    ends = Ends()
    ends.say((99, "of a kind that is not known"), (PONG, 1, 2))
    assert ends.pipe.receive()
    ends.far.close()
    ends._stream.close()
    assert not ends.pipe.receive()


@pytest.mark.proves("WIRE-03")
def test_the_last_words_wait_for_the_other_side_to_hang_up() -> None:
    ends = Ends()
    ends.peer.outbox.send_now = ends.pipe.send_now
    ends.peer.outbox.strand(1).send_item(b"last")
    finisher = threading.Thread(target=ends.pipe.finish, args=(WAIT,), daemon=True)
    finisher.start()
    assert [frame[4] for frame in ends.heard()] == [b"last"]
    ends.far.close()
    ends._stream.close()
    finisher.join(WAIT)
    assert not finisher.is_alive()
