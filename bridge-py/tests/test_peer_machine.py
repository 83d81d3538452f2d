"""Any order of frames and of what the served side does: every call ends once, and what comes before it is in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger import Entry, Ledger
from snakepit_bridge._codec.values import decode, encode
from snakepit_bridge._peer.cargo import WHOLE_BYTES
from snakepit_bridge._peer.credit import Window
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._protocol.enums import CancelRung
from snakepit_bridge._protocol.frames import PING, PONG, SESSION_END
from snakepit_bridge._protocol.messages import Envelope, Frame
from snakepit_bridge._wire.frames_proto import ProtoFrames
from snakepit_bridge.errors import ConnectionLost, ProtocolError

CODEC = ProtoFrames()

# A wire is ended when it has seen so many calls: earlier, nothing much could happen on it.
LONG = 8

windows = st.builds(Window, st.integers(1, 5), st.integers(1, 60))
# Whole in a frame, and cut into parts.
sizes = st.sampled_from([0, 1, 7, 50, WHOLE_BYTES + 1])


class Served:
    """A call as whoever runs it holds it. What it makes are its own numbers, so that their order shows."""

    def __init__(self, call: ServedCall, entry: Entry) -> None:
        self.call = call
        self.entry = entry
        self.running = False
        self.interrupts = 0
        self.made: list[Any] = []
        self.made_bytes = 0

    def interrupt(self) -> None:
        self.interrupts += 1


class PeerMachine(RuleBasedStateMachine):
    """Drives the worker's peer by frames, and its calls by hand. There are no threads: each order is one of its own."""

    served = Bundle("served")
    fronts = Bundle("fronts")
    outgoing = Bundle("outgoing")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.controls: list[int] = []
        self.arrived: list[ServedCall] = []
        self.peer = Peer(first_id=2, serve=self.arrived.append, control=self.control)
        self.messages: Iterator[bytes] = map(b"".join, self.peer.outbox.messages(CODEC))
        self.next_id = 1
        self.pings = 0
        self.running: list[Served] = []
        self.delivered: dict[int, list[Any]] = {}
        self.lost = False

    def control(self, frame: Any) -> None:
        self.controls.append(frame[0])
        if frame[0] == PING:
            self.peer.line.add((PONG, frame[1], 0))

    def say(self, *frames: Any) -> None:
        self.peer.receive(CODEC.read(Envelope(frames=frames).SerializeToString()))

    # Calls of the host.

    @initialize()
    def attach(self) -> None:
        self.drain()

    def fresh(self) -> int:
        call, self.next_id = self.next_id, self.next_id + 2
        return call

    @rule(target=fronts, data=st.binary(max_size=9))
    def send_a_front(self, data: bytes) -> tuple[int, bytes]:
        frame = Frame()
        frame.part.call = self.fresh()
        frame.part.data = data
        self.say(frame)
        return frame.part.call, data

    @rule(target=served, window=windows)
    def start_a_stream(self, window: Window) -> Any:
        one = self.start_with((self.fresh(), b""), window, b"")
        if isinstance(one, Served):
            self.begin(one)
        return one

    @rule(target=served, window=st.none() | windows, rest=st.binary(max_size=9))
    def start(self, window: Window | None, rest: bytes) -> Any:
        return self.start_with((self.fresh(), b""), window, rest)

    @rule(target=served, front=consumes(fronts), window=st.none() | windows, rest=st.binary(max_size=9))
    def start_with(self, front: tuple[int, bytes], window: Window | None, rest: bytes) -> Any:
        frame = Frame()
        frame.start.call = front[0]
        frame.start.tool = "any"
        frame.start.arguments = rest
        if window is not None:
            frame.start.stream = True
            frame.start.window.items, frame.start.window.bytes = window.items, window.bytes
        self.ledger.open[front[0]] = entry = Entry(window)
        self.say(frame)
        if self.lost:
            return multiple()
        call = self.arrived.pop()
        assert call.arguments == front[1] + rest
        served = Served(call, entry)
        call.on_cancel = served.interrupt
        return served

    @rule(one=served, less=st.integers(0, 2))
    def grant(self, one: Served, less: int) -> None:
        if self.ledger.open.get(one.call.id) is one.entry:
            # Also less than was said before: credit never shrinks.
            self.say(self.ledger.grant(one.call.id, max(0, len(one.entry.sizes) - less)))

    @rule(one=served, times=st.integers(1, 3))
    def cancel(self, one: Served, times: int) -> None:
        frame = Frame()
        frame.cancel.call = one.call.id
        frame.cancel.reason = 1
        if self.ledger.open.get(one.call.id) is one.entry:
            one.entry.cancelled = True
        self.say(*[frame] * times)

    @rule(call=st.integers(1 << 20, (1 << 32) - 1))
    def speak_of_strangers(self, call: int) -> None:
        cancel, credit, items, end, progress = Frame(), Frame(), Frame(), Frame(), Frame()
        cancel.cancel.call = credit.credit.call = items.items.call = end.end.call = progress.progress.call = call
        end.end.ok.value = b"\xc0"
        self.say(cancel, credit, items, end, progress, Frame())

    @rule()
    def ping(self) -> None:
        self.pings += 1
        frame = Frame()
        frame.ping.nonce = self.pings
        self.say(frame)

    @rule()
    def end_a_session(self) -> None:
        frame = Frame()
        frame.session_end.session = "s"
        self.say(frame)
        assert self.controls.pop() == SESSION_END

    # What runs them.

    @rule(one=served)
    def begin(self, one: Served) -> None:
        if one.call.claim():
            one.running = True
            self.running.append(one)
            one.call.begin()

    @rule(one=served, size=sizes, many=st.integers(2, 6))
    def flow(self, one: Served, size: int, many: int) -> None:
        """Items come, are taken, and more come."""
        for _ in range(3):
            self.produce(one, size, many)
            self.drain()
            self.grant(one, 0)

    @rule(one=served, size=sizes, many=st.integers(1, 6))
    def produce(self, one: Served, size: int, many: int) -> None:
        credit = one.call.credit
        for _ in range(many if one.running and one.entry.window is not None else 0):
            allowed = credit.allows(len(one.made), one.made_bytes)
            assert credit.revoked or allowed == one.entry.has_room(len(one.made), one.made_bytes)
            if credit.revoked or not allowed:
                return
            value = [len(one.made), b"x" * size]
            data = encode(value)
            one.call.strand.add(data)
            one.made.append(value)
            one.made_bytes += len(data)

    @rule(one=served)
    def report(self, one: Served) -> None:
        if one.running:
            one.call.progress(encode({"value": 1}))

    @rule(one=served, how=st.sampled_from(["value", "large", "marked", "error", "exception"]))
    def finish(self, one: Served, how: str) -> None:
        if not one.running:
            return
        one.running = False
        self.running.remove(one)
        if one.call.cancel_reason is not None:
            assert one.interrupts == 1
            one.call.end_cancelled(CancelRung.CLOSED)
        elif how == "error":
            one.call.fail("python_error", "no")
        elif how == "exception":
            one.call.fail_with(ValueError("no"))
        else:
            value = encode(b"x" * (WHOLE_BYTES * 2) if how == "large" else len(one.made))
            one.call.succeed(value, marked=how == "marked", metadata={"how": how} if how == "marked" else None)

    @rule()
    def drain(self) -> None:
        """Reads everything that waits."""
        outbox = self.peer.outbox
        while not self.lost and not (outbox._ready.empty() and not outbox._bulk):
            self.peer.line.add((PONG, 0, 0))  # without it, a strand that has nothing more to say would be waited for
            self.ledger.read(next(self.messages))

    @rule()
    def read_one_message(self) -> None:
        if not self.lost and not self.peer.outbox._ready.empty():
            self.peer.line.add((PONG, 0, 0))
            self.ledger.read(next(self.messages))

    @rule(one=served)
    def compare(self, one: Served) -> None:
        end = one.entry.end
        if end is not None and end.WhichOneof("outcome") != "cancelled":
            assert one.entry.values == one.made, "a normal end means that all has come"
            if end.WhichOneof("outcome") == "ok" and not end.ok.marked:
                assert decode(end.ok.value) in (len(one.made), b"x" * (WHOLE_BYTES * 2))

    # Calls of the worker.

    @rule(target=outgoing, window=st.none() | windows)
    def call_the_host(self, window: Window | None) -> Any:
        events: list[Any] = []
        if self.lost:
            with pytest.raises(ConnectionLost):
                self.peer.start("any", {}, events.append, window)
            return multiple()
        call = self.peer.start("any", {}, events.append, window)
        self.delivered[call.id] = events
        return call, events, window is not None

    @rule(one=outgoing, how=st.sampled_from(["items", "ok", "error", "cancelled", "leave"]))
    def answer(self, one: Any, how: str) -> None:
        call, events, streams = one
        ended = bool(events) and not isinstance(events[-1], tuple)
        frame = Frame()
        if how == "leave":
            call.cancel()
            return
        if how == "items":
            if not streams or ended:
                return
            frame.items.call = call.id
            frame.items.first = sum(len(event[0]) for event in events)
            frame.items.sizes.extend([1, 2])
            frame.items.body = b"\x01\xcc\xff"
        else:
            frame.end.call = call.id
            getattr(frame.end, how).SetInParent()
        self.say(frame)

    # The end of the wire.

    @precondition(lambda self: not self.lost and self.next_id > 2 * LONG)
    @rule(how=st.sampled_from(["hang_up", "garbage", "twice", "wrong_side", "zero", "hello", "no_outcome", "items"]))
    def end_the_wire(self, how: str) -> None:
        self.drain()
        if how != "hang_up":
            with pytest.raises(ProtocolError):
                self.break_the_rules(how)
        for entry in self.ledger.open.values():
            entry.cancelled = True
        self.peer.lost()
        self.lost = True

    def break_the_rules(self, how: str) -> None:
        frame = Frame()
        if how == "garbage":
            self.peer.receive(CODEC.read(b"\xff\xff\xff"))
        elif how == "hello":
            frame.hello.protocol = 1
        elif how == "no_outcome":
            frame.end.call = 2
        elif how == "items":
            frame.items.call = self.peer.start("any", {}, lambda _: None, None).id
            self.drain()
        else:
            running = [call for call in self.ledger.open if call % 2]
            frame.start.call = {"twice": running[0] if running else 0, "wrong_side": 2, "zero": 0}[how]
        self.say(frame)

    @invariant()
    def what_came_is_what_was_made(self) -> None:
        for one in self.running:
            assert one.entry.values == one.made[: len(one.entry.values)]
            assert one.interrupts <= 1
        for events in self.delivered.values():
            # One outcome at most, and nothing after it.
            assert all(isinstance(event, tuple) for event in events[:-1])

    def teardown(self) -> None:
        for one in list(self.running):
            self.finish(one, "value")
        if not self.lost:
            frame = Frame()
            for call, entry in self.ledger.open.items():
                entry.cancelled = True
                frame.cancel.call = call
                self.say(frame)
            self.drain()
            assert sorted(set(self.ledger.pongs) - {0}) == list(range(1, self.pings + 1))
            self.peer.lost()
        for message in self.messages:
            self.ledger.read(message)
        assert not self.ledger.open, "a call has no end"
        assert all(events and not isinstance(events[-1], tuple) for events in self.delivered.values())
        assert self.peer.wait_idle(0)


@pytest.mark.proves("guarantee:G9", "guarantee:G10", "guarantee:G11", "guarantee:G16")
def test_g9_g10_g11_g16_every_order_of_frames_keeps_the_rules() -> None:
    run_state_machine_as_test(
        PeerMachine,
        settings=settings(max_examples=500, stateful_step_count=50, suppress_health_check=list(HealthCheck)),
    )
