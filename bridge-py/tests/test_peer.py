"""Laws of two peers on one wire: order, no loss, no double, never beyond the window, one end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakepit_bridge._codec.split import encode_split
from snakepit_bridge._codec.values import decode, encode
from snakepit_bridge._peer import framing
from snakepit_bridge._peer.cargo import PART_BYTES, WHOLE_BYTES
from snakepit_bridge._peer.credit import Credit, Intake, Window
from snakepit_bridge._peer.outbox import Outbox
from snakepit_bridge._peer.parts import Parts
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._protocol.enums import CancelRung
from snakepit_bridge._protocol.messages import End, Envelope, Frame, Ok
from snakepit_bridge._wire.memory import MemoryWire
from snakepit_bridge.errors import CallCancelled, ConnectionLost, RemoteError

windows = st.builds(Window, st.integers(1, 20), st.integers(1, 400))


class Producer:
    """Serves calls the way the runtime does, without Python tools: items are numbers, with blobs among them."""

    def __init__(self) -> None:
        self.ahead: list[tuple[int, int]] = []
        self.gate: SimpleQueue[None] = SimpleQueue()

    def serve(self, call: ServedCall) -> None:
        threading.Thread(target=self._run, args=(call,), daemon=True).start()

    def _run(self, call: ServedCall) -> None:
        if not call.claim():
            return
        call.begin()
        asked = decode(call.arguments)
        if not call.stream:
            call.succeed(encode(asked))
            return
        credit, sent, size = call.credit, 0, 0
        credit.notify = lambda: self.gate.put(None)
        for item in asked["items"]:
            while not credit.allows(sent, size):
                credit.waiting = True
                if not credit.allows(sent, size):
                    self.gate.get(timeout=5)
            if credit.revoked:
                call.end_cancelled(CancelRung.CLOSED)
                return
            data = encode(item)
            self.ahead.append((sent, size))
            call.strand.add(data)
            sent, size = sent + 1, size + len(data)
        if call.cancel_reason is not None:
            call.end_cancelled(CancelRung.CLOSED)
        else:
            call.succeed(encode("end"))


def connected(serve: Callable[[ServedCall], None]) -> tuple[Peer, MemoryWire]:
    host = Peer(first_id=1, serve=serve)
    return host, MemoryWire(host, Peer(first_id=2, serve=serve))


@pytest.mark.proves("STREAM-01", "STREAM-07", "WIRE-06")
@given(st.lists(st.one_of(st.integers(), st.binary(max_size=300)), max_size=80), windows)
def test_items_arrive_in_order_complete_and_within_the_window(items: list[Any], window: Window) -> None:
    producer = Producer()
    host, wire = connected(producer.serve)
    with wire:
        stream = host.stream("any", {"items": items}, window=window)
        sizes = [len(encode(item)) for item in items]
        for index, item in enumerate(items):
            # Everything that was made by now was made within the window of what had been taken.
            assert all(sent - index < window.items for sent, _ in producer.ahead)
            assert all(size - sum(sizes[:index]) < window.bytes for _, size in producer.ahead)
            assert next(stream) == item
        assert next(stream, None) is None
        assert stream.value == "end"


@pytest.mark.proves("STREAM-01", "CANCEL-01")
@given(st.integers(0, 40), st.integers(0, 41), windows)
def test_a_cancel_at_any_point_gives_exactly_one_end(count: int, after: int, window: Window) -> None:
    ends: SimpleQueue[Any] = SimpleQueue()
    producer = Producer()
    host, wire = connected(producer.serve)
    with wire:
        stream = host.stream("any", {"items": list(range(count))}, window=window)
        deliver = stream.call.deliver
        stream.call.deliver = lambda event: (deliver(event), None if isinstance(event, tuple) else ends.put(event))  # type: ignore[func-returns-value]
        for _ in range(min(after, count)):
            next(stream)
        stream.close()
        end = ends.get(timeout=5)
        assert isinstance(end, CallCancelled) or end == encode("end")
        assert host.call("any", {"still": "there"}) == {"still": "there"}
        assert ends.empty()


@pytest.mark.proves("PAYLOAD-03")
@given(st.lists(st.integers(0, 3 * PART_BYTES), min_size=1, max_size=4))
def test_large_values_are_cut_and_joined(sizes: list[int]) -> None:
    values = [bytes([index]) * size for index, size in enumerate(sizes)]
    host, wire = connected(Producer().serve)
    with wire:
        assert host.call("any", {"values": values}) == {"values": values}
        stream = host.stream("any", {"items": values}, window=Window(4, 1 << 30))
        assert list(stream) == values


@pytest.mark.proves("PAYLOAD-03")
def test_small_frames_overtake_a_large_value_but_never_their_own_call() -> None:
    outbox = Outbox()
    big, small = outbox.strand(1), outbox.strand(3)
    host = Peer(first_id=1, serve=lambda _: None)
    big.add(bytes(5 * PART_BYTES))
    big.add(b"\x01")
    messages = outbox.messages()
    first = next(messages)
    small.add(b"\x02")
    rest = [first]
    while not rest or _bodies(rest[-1])[-1:] != b"\x01":
        rest.append(next(messages))
    frames = [frame for message in rest for frame in Envelope.FromString(message).frames]
    order = [(frame.WhichOneof("kind"), getattr(frame, frame.WhichOneof("kind")).call) for frame in frames]
    assert order.index(("items", 3)) == 1
    assert [call for _, call in order if call == 1] == [1] * 6
    assert max(map(len, rest)) < WHOLE_BYTES + 1024
    del host


@pytest.mark.proves("PAYLOAD-03")
def test_what_is_added_while_a_large_value_is_on_its_way_is_not_forgotten() -> None:
    outbox = Outbox()
    strand, other = outbox.strand(1), outbox.strand(3)
    strand.add(bytes(2 * PART_BYTES))
    messages = outbox.messages()
    sent = [next(messages)]
    strand.add(b"\x01")
    other.add(b"\x02")  # makes the sender look at what is ready while the value is still on its way
    sent.append(next(messages))
    strand.add(b"\x03")
    outbox.close()
    sent += messages
    assert b"".join(map(_bodies, sent)).replace(b"\0", b"") == b"\x02\x01\x03"


@pytest.mark.proves("PAYLOAD-03")
@pytest.mark.parametrize(("size", "parts"), [(PART_BYTES, 0), (WHOLE_BYTES - 5, 0), (WHOLE_BYTES, 1)])
def test_a_block_of_a_mebibyte_is_one_frame(size: int, parts: int) -> None:
    outbox = Outbox()
    strand = outbox.strand(1)
    block = bytes(size)
    strand.add(encode_split(block))
    strand.add((encode_split(block), {"k": "v"}))
    outbox.close()
    frames = [frame for message in outbox.messages() for frame in Envelope.FromString(message).frames]
    assert [frame.WhichOneof("kind") for frame in frames] == ([*["part"] * parts, "items"]) * 2
    assert all(len(frame.part.data) <= PART_BYTES for frame in frames)
    body = b"".join(frame.part.data or frame.items.body for frame in frames)
    assert body == encode(block) * 2
    first, second = (frame.items for frame in frames if frame.HasField("items"))
    assert (first.first, second.first, list(second.sizes)) == (0, 1, [size + 5])
    assert dict(second.marks[0].metadata) == {"k": "v"}


@pytest.mark.proves("STREAM-06", "PAYLOAD-03")
@given(st.lists(st.binary(max_size=300)), st.dictionaries(st.text(), st.text()), st.integers(1, (1 << 32) - 1))
def test_frames_made_by_hand_are_what_protobuf_would_have_made(
    items: list[bytes], metadata: dict[str, str], call: int
) -> None:
    marks = {len(items) - 1: metadata} if items else {}
    body = b"".join(items)
    made = framing.items(call, 7, list(map(len, items)), len(body), marks) + body
    (frame,) = Envelope.FromString(made).frames
    expected = Frame()
    expected.items.call, expected.items.first, expected.items.body = call, 7, body
    expected.items.sizes.extend(map(len, items))
    for index, told in marks.items():
        expected.items.marks.add(index=index, metadata=told)
    assert frame == expected
    end = End(call=call, ok=Ok(marked=True, metadata=metadata))
    (frame,) = Envelope.FromString(framing.end(end)(len(body)) + body).frames
    assert frame == Frame(end=End(call=call, ok=Ok(value=body, marked=True, metadata=metadata)))


def _bodies(message: bytes) -> bytes:
    return b"".join(frame.items.body for frame in Envelope.FromString(message).frames)


@pytest.mark.proves("STREAM-06")
def test_items_that_wait_leave_as_one_frame() -> None:
    outbox = Outbox()
    strand = outbox.strand(7)
    for number in range(5):
        strand.add(encode(number))
    strand.add((encode("marked"), {"k": "v"}))
    (frame,) = Envelope.FromString(next(outbox.messages())).frames
    assert (frame.items.first, list(frame.items.sizes)) == (0, [1] * 5 + [7])
    assert [(mark.index, dict(mark.metadata)) for mark in frame.items.marks] == [(5, {"k": "v"})]


@pytest.mark.proves("STREAM-07")
@given(windows, st.lists(st.integers(1, 500), max_size=60))
def test_a_consumer_that_takes_everything_never_leaves_its_producer_waiting(window: Window, sizes: list[int]) -> None:
    credit, intake = Credit(window), Intake(window)
    sent = size = 0
    for one in sizes:
        assert credit.allows(sent, size)
        sent, size = sent + 1, size + one
        if intake.take(one):
            credit.grant(intake.items, intake.bytes)


@pytest.mark.proves("POOL-06", "BRIDGE-01")
def test_both_sides_call_at_once() -> None:
    one = Peer(first_id=1, serve=Producer().serve)
    other = Peer(first_id=2, serve=Producer().serve)

    async def several(peer: Peer) -> list[Any]:
        return await asyncio.gather(*(peer.acall("any", {"n": number}) for number in range(20)))

    async def streamed(peer: Peer) -> list[Any]:
        return [item async for item in peer.astream("any", {"items": [1, 2, 3]}, window=Window(1, 1))]

    with MemoryWire(one, other):
        assert asyncio.run(several(one)) == asyncio.run(several(other)) == [{"n": number} for number in range(20)]
        assert asyncio.run(streamed(other)) == [1, 2, 3]


@pytest.mark.proves("FAULT-01")
def test_the_end_of_the_wire_ends_every_call() -> None:
    host, wire = connected(lambda call: None)
    stream = host.stream("any", {"items": []})
    wire.close()
    with pytest.raises(ConnectionLost):
        next(stream)
    with pytest.raises(ConnectionLost):
        host.call("any")


@pytest.mark.proves("POOL-04")
def test_a_peer_that_stops_refuses_new_calls() -> None:
    host = Peer(first_id=1, serve=lambda _: None)
    worker = Peer(first_id=2, serve=Producer().serve)
    with MemoryWire(host, worker):
        worker.refuse()
        assert worker.wait_idle(5)
        with pytest.raises(RemoteError) as raised:
            host.call("any")
        assert raised.value.code == "worker_stopping"


@pytest.mark.proves("SEC-03")
def test_parts_beyond_the_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snakepit_bridge._peer.parts.MAX_VALUE_BYTES", 10)
    parts = Parts()
    frame = Envelope().frames.add()
    frame.part.call = 1
    frame.part.data = b"123456"
    parts.add(frame.part)
    assert parts.join(1, b"78") == b"12345678"
    parts.add(frame.part)
    parts.add(frame.part)
    assert parts.join(1, b"") is None
    assert parts.join(1, b"new") == b"new"
