"""A stand-in for the host: attaches to a real worker and speaks the protocol frame by frame."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Any

import grpc

from process import WAIT, Process
from snakepit_bridge._codec.values import decode, encode
from snakepit_bridge._protocol.frames import PART
from snakepit_bridge._protocol.messages import METHOD, Envelope, Frame
from snakepit_bridge._wire.frames_msgpack import MsgpackFrames
from snakepit_bridge._wire.frames_proto import ProtoFrames


class Host:
    """An attached host. Frames are read in the background and kept per call."""

    def __init__(self, adapter: str | dict[str, Any], **changes: Any) -> None:
        self.process = Process(adapter, **changes)
        self.pid: int = 0
        self.logs: SimpleQueue[Any] = SimpleQueue()
        self._inboxes: dict[int, SimpleQueue[Any]] = {}
        self._lock = threading.Lock()
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._next = 1
        try:
            answer = self.process.answer()
            assert "address" in answer, answer
            self.address: str = answer["address"]
            self.pid = answer["pid"]
            self._attach()
        except BaseException:
            self.process.close()
            raise

    def _attach(self) -> None:
        if self.address == "pipe":
            self.channel: Any = PipeEnd(self.process.wire)
            messages = self.channel.converse(iter(self._outbox.get, None))
        else:
            self.channel = channel(self.address)
            attach: Any = self.channel.stream_stream(METHOD)
            messages = attach(iter(self._outbox.get, None), metadata=[("snakepit-token", self.process.host_token)])
        hello = Frame()
        hello.hello.protocol = 1
        hello.hello.token = self.process.host_token
        hello.hello.incarnation = self.process.incarnation
        hello.hello.codecs.append("msgpack")
        self.send(hello)
        self.over = threading.Event()
        threading.Thread(target=self._read, args=(messages,), daemon=True).start()
        self.hello = self.next(0, "hello")

    def _read(self, messages: Iterator[bytes]) -> None:
        try:
            for message in messages:
                for frame in Envelope.FromString(message).frames:
                    kind = frame.WhichOneof("kind")
                    inner = getattr(frame, kind)
                    if kind == "log":
                        self.logs.put(inner)
                    else:
                        self._inbox(getattr(inner, "call", 0)).put((kind, inner))
        except grpc.RpcError:
            pass
        self.over.set()

    def _inbox(self, call: int) -> SimpleQueue[Any]:
        with self._lock:
            return self._inboxes.setdefault(call, SimpleQueue())

    def send(self, *frames: Any) -> None:
        """Sends frames in one message."""
        self._outbox.put(Envelope(frames=frames).SerializeToString())

    def start(self, tool: str, arguments: dict[str, Any] | None = None, **options: Any) -> int:
        """Sends a Start; returns the call's number. ``window=(items, bytes)`` asks for a stream."""
        call, self._next = self._next, self._next + 2
        frame = Frame()
        start = frame.start
        start.call = call
        start.tool = tool
        start.arguments = options.pop("raw", None) or encode(arguments or {})
        window = options.pop("window", None)
        if window:
            start.stream = True
            start.window.items, start.window.bytes = window
        start.time_left_ms = options.pop("time_left_ms", 0)
        start.metadata.update(options.pop("metadata", {}))
        start.session.id = options.pop("session", "")
        assert not options
        self.send(frame)
        return call

    def cancel(self, call: int) -> None:
        """Sends a Cancel."""
        frame = Frame()
        frame.cancel.call = call
        frame.cancel.reason = 1
        self.send(frame)

    def end_session(self, session: str, reason: int = 1) -> None:
        """Sends a SessionEnd."""
        frame = Frame()
        frame.session_end.session = session
        frame.session_end.reason = reason
        self.send(frame)

    def ticks(self) -> int:
        """Asks for a life sign."""
        frame = Frame()
        frame.ping.nonce = 7
        self.send(frame)
        pong = self.next(0, "pong")
        assert pong.nonce == 7
        return int(pong.ticks)

    def credit(self, call: int, items: int, size: int) -> None:
        """Sends a Credit."""
        frame = Frame()
        frame.credit.call = call
        frame.credit.items = items
        frame.credit.bytes = size
        self.send(frame)

    def next(self, call: int, kind: str | None = None, timeout: float = WAIT) -> Any:
        """The next frame of a call, as ``(kind, message)``; only the message when ``kind`` is given and asserted."""
        try:
            came, message = self._inbox(call).get(timeout=timeout)
        except Empty:
            raise AssertionError(f"no frame came for call {call} within {timeout} s") from None
        if kind is None:
            return came, message
        assert came == kind, f"expected {kind}, got {came}: {message}"
        return message

    def quiet(self, call: int, seconds: float = 0.1) -> None:
        """Asserts that nothing comes for a call."""
        try:
            came = self._inbox(call).get(timeout=seconds)
        except Empty:
            return
        raise AssertionError(f"expected silence, got {came}")

    def end(self, call: int, timeout: float = WAIT) -> Any:
        """The call's End; everything before it is skipped."""
        while True:
            kind, message = self.next(call, timeout=timeout)
            if kind == "end":
                return message

    def call(self, tool: str, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
        """The value of a call."""
        end = self.end(self.start(tool, arguments, **options))
        assert end.WhichOneof("outcome") == "ok", end
        return decode(end.ok.value)

    def error(self, tool: str, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
        """The Error that a call ends with."""
        end = self.end(self.start(tool, arguments, **options))
        assert end.WhichOneof("outcome") == "error", end
        return end.error

    def chunks(self, call: int, items: int = 1 << 30, size: int = 1 << 40) -> tuple[list[Any], Any]:
        """Every item until the End, with credit for everything that comes, and the End."""
        taken, taken_bytes = 0, 0
        values: list[Any] = []
        while True:
            kind, message = self.next(call)
            if kind == "end":
                return values, message
            if kind != "items":
                continue
            assert message.first == taken, "items have to come in order"
            start = 0
            for one in message.sizes:
                values.append(decode(message.body[start : start + one]))
                start += one
            taken += len(message.sizes)
            taken_bytes += len(message.body)
            self.credit(call, taken, taken_bytes)

    def log(self, matching: Callable[[Any], bool], timeout: float = WAIT) -> Any:
        """The first log line that matches; others are skipped."""
        deadline = monotonic() + timeout
        while True:
            try:
                line = self.logs.get(timeout=max(0.001, deadline - monotonic()))
            except Empty:
                raise AssertionError("no such log line came") from None
            if matching(line):
                return line

    def close_input(self) -> None:
        """Ends the worker by the end of its standard input, and waits for it."""
        assert self.process.popen.stdin is not None
        self.process.popen.stdin.close()
        self.process.popen.wait(WAIT)

    def close(self) -> None:
        """Goes away."""
        self._outbox.put(None)
        self.channel.close()
        self.process.close()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class PipeEnd:
    """The host's end of a socket pair. Frames are protobuf messages for the tests, and MessagePack on the way."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._proto, self._msgpack = ProtoFrames(), MsgpackFrames()

    def converse(self, outgoing: Iterator[bytes]) -> Iterator[bytes]:
        """Sends what comes, from a thread of its own; yields what comes back."""
        threading.Thread(target=self._send, args=(outgoing,), daemon=True).start()
        stream = self._wire.makefile("rb")
        try:
            while len(head := stream.read(4)) == 4:
                message = stream.read(int.from_bytes(head, "big"))
                batch = self._proto.batch()
                for frame in self._msgpack.read(message):
                    batch.add_around(frame, [frame[2]]) if frame[0] == PART else batch.add(frame)
                yield b"".join(batch.message())
        except OSError:
            pass

    def close(self) -> None:
        """Hangs up."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def _send(self, outgoing: Iterator[bytes]) -> None:
        with suppress(OSError):
            for message in outgoing:
                batch = self._msgpack.batch()
                for frame in self._proto.read(message):
                    batch.add(frame)
                data = b"".join(batch.message())
                self._wire.sendall(len(data).to_bytes(4, "big") + data)


def channel(address: str) -> grpc.Channel:
    """A channel as the host's: no proxy, no sharing."""
    return grpc.insecure_channel(
        address,
        options=[
            ("grpc.enable_http_proxy", 0),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", 16 << 20),
        ],
    )
