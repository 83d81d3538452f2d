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

from snakepit_bridge._codec.values import decode, encode
from snakepit_bridge._peer.cargo import PART_BYTES
from snakepit_bridge._peer.credit import Credit, Intake, Window
from snakepit_bridge._peer.parts import Parts
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._protocol.enums import CancelRung
from snakepit_bridge._protocol.frames import CANCEL, PART
from snakepit_bridge._wire.frames_msgpack import MsgpackFrames
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
    return host, MemoryWire(host, Peer(first_id=2, serve=serve), MsgpackFrames())


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

    with MemoryWire(one, other, MsgpackFrames()):
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
    with MemoryWire(host, worker, MsgpackFrames()):
        worker.refuse()
        assert worker.wait_idle(5)
        with pytest.raises(RemoteError) as raised:
            host.call("any")
        assert raised.value.code == "worker_stopping"


@pytest.mark.proves("SEC-03")
def test_parts_beyond_the_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snakepit_bridge._peer.parts.MAX_VALUE_BYTES", 10)
    parts = Parts()
    parts.add(1, b"123456")
    assert parts.join(1, b"78") == b"12345678"
    parts.add(1, b"123456")
    parts.add(1, b"123456")
    assert parts.join(1, b"") is None
    assert parts.join(1, b"new") == b"new"


@pytest.mark.proves("PAYLOAD-03", "CANCEL-01")
def test_a_cancel_before_the_start_frees_what_has_come_of_the_arguments() -> None:
    peer = Peer(first_id=2, serve=lambda call: None)
    peer.receive([(PART, 1, b"x" * 1000)])
    assert peer._parts._sizes == {1: 1000}
    peer.receive([(CANCEL, 1, 1)])
    assert peer._parts._sizes == {} == peer._parts._pieces
