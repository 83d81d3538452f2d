"""A stand-in for the host: starts a real worker with real descriptors and speaks the protocol frame by frame."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Any

import grpc

from snakepit_bridge._codec.values import decode, encode
from snakepit_bridge._protocol.messages import METHOD, Envelope, Frame

SOURCE = Path(__file__).parent.parent / "src"
FIXTURES = Path(__file__).parent / "fixtures"
WAIT = 10.0


class Process:
    """A worker process and what it says before any attachment."""

    def __init__(self, adapter: str | dict[str, Any], *, line: bytes | None = None, **changes: Any) -> None:
        self.directory = tempfile.mkdtemp(prefix="snakepit-test-")
        self.host_token, self.worker_token, self.incarnation = "h" * 64, "w" * 64, "f00d"
        told = {
            "snakepit": 1,
            "worker": "default-0",
            "incarnation": self.incarnation,
            "hostToken": self.host_token,
            "workerToken": self.worker_token,
            "adapter": adapter if isinstance(adapter, dict) else {"file": str(FIXTURES / adapter), "attribute": None},
            "transport": {"kind": "grpc", "socket": f"{self.directory}/worker.sock"},
            "concurrency": 1,
            "cwd": self.directory,
        } | changes
        self.answer_fd, theirs = os.pipe()
        self.popen = spawn(theirs)
        os.close(theirs)
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(told).encode() + b"\n" if line is None else line)
        self.popen.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The worker's one line on descriptor 3."""
        text = b""
        deadline = monotonic() + 30
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self.answer_fd], [], [], max(0.0, deadline - monotonic()))
            assert ready, "no answer came"
            piece = os.read(self.answer_fd, 65536)
            assert piece, f"the worker left without an answer: {self.rest_of_stderr()}"
            text += piece
        answer: dict[str, Any] = json.loads(text)
        return answer

    def rest_of_stderr(self) -> str:
        """What the worker has written on descriptor 2 by the time it has ended."""
        assert self.popen.stderr is not None
        self.popen.wait(WAIT)
        return self.popen.stderr.read().decode()

    def close(self) -> None:
        """Ends the process the hard way and tidies up."""
        self.popen.kill()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        self.popen.wait(WAIT)
        os.close(self.answer_fd)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def spawn(answer_fd: int, **options: Any) -> subprocess.Popen[bytes]:
    """Starts ``python -m snakepit_bridge`` with ``answer_fd`` as its descriptor 3."""
    return subprocess.Popen(
        [sys.executable, "-c", _EXEC, str(answer_fd), sys.executable, *flags(), "-m", "snakepit_bridge"],
        stdin=subprocess.PIPE,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        pass_fds=(answer_fd,),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        **options,
    )


# Becomes the worker with the descriptor in its place; the process id stays.
_EXEC = """
import os, sys
fd = int(sys.argv[1])
if fd != 3:
    os.dup2(fd, 3)
    os.close(fd)
os.set_inheritable(3, True)
os.execv(sys.argv[2], sys.argv[2:])
"""


def flags() -> list[str]:
    """The interpreter's options, as the host gives them."""
    return ["-u", "-X", "faulthandler"] + (["-P"] if sys.version_info >= (3, 11) else [])


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
        assert not options
        self.send(frame)
        return call

    def cancel(self, call: int) -> None:
        """Sends a Cancel."""
        frame = Frame()
        frame.cancel.call = call
        frame.cancel.reason = 1
        self.send(frame)

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
