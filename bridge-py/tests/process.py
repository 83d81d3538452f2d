"""A worker process with real descriptors, and what it says before any attachment."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

SOURCE = Path(__file__).parent.parent / "src"
FIXTURES = Path(__file__).parent / "fixtures"
WAIT = 10.0

# What workers speak by unless a test says otherwise: `grpc` or `pipe`. Set by the option `--transport`.
transport = "grpc"


class Process:
    """A worker process and what it says before any attachment."""

    def __init__(self, adapter: str | dict[str, Any], *, line: bytes | None = None, **changes: Any) -> None:
        self.directory = tempfile.mkdtemp(prefix="snakepit-test-")
        self.socket = f"{self.directory}/worker.sock"
        spoken = changes.pop("transport", transport)
        self.host_token, self.worker_token, self.incarnation = "h" * 64, "w" * 64, "f00d"
        told = {
            "snakepit": 1,
            "worker": "default-0",
            "incarnation": self.incarnation,
            "hostToken": self.host_token,
            "workerToken": self.worker_token,
            "adapter": adapter if isinstance(adapter, dict) else {"file": str(FIXTURES / adapter), "attribute": None},
            "transport": self._transport(spoken),
            "threads": None,
            "cwd": self.directory,
        } | changes
        self.early_logs: list[dict[str, Any]] = []
        self.answer_fd, theirs = os.pipe()
        self.wire, their_wire = socket.socketpair()
        self.popen = spawn(theirs, "--socket", self.socket, wire_fd=their_wire.fileno())
        os.close(theirs)
        their_wire.close()
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(told).encode() + b"\n" if line is None else line)
        self.popen.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The worker's one line on descriptor 3, after the log records of its start."""
        text = b""
        deadline = monotonic() + 30
        while True:
            line, end, rest = text.partition(b"\n")
            if end:
                said: dict[str, Any] = json.loads(line)
                if "log" not in said:
                    return said
                self.early_logs.append(said["log"])
                text = rest
                continue
            ready, _, _ = select.select([self.answer_fd], [], [], max(0.0, deadline - monotonic()))
            assert ready, "no answer came"
            piece = os.read(self.answer_fd, 65536)
            assert piece, f"the worker left without an answer: {self.rest_of_stderr()}"
            text += piece

    def rest_of_stderr(self) -> str:
        """What the worker has written on descriptor 2 by the time it has ended."""
        assert self.popen.stderr is not None
        self.popen.wait(WAIT)
        return self.popen.stderr.read().decode()

    def _transport(self, spoken: str | dict[str, Any]) -> dict[str, Any]:
        if isinstance(spoken, dict):
            return spoken
        return {"kind": "grpc", "socket": self.socket} if spoken == "grpc" else {"kind": "pipe"}

    def close(self) -> None:
        """Ends the process with all that it has started, the hard way where it does not listen, and tidies up."""
        assert self.popen.stdin is not None
        try:
            self.popen.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.popen.wait(1.0)
        except subprocess.TimeoutExpired:
            self.popen.kill()
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                pipe.close()
        self.popen.wait(WAIT)
        os.close(self.answer_fd)
        self.wire.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def spawn(answer_fd: int, *arguments: str, wire_fd: int | None = None, **options: Any) -> subprocess.Popen[bytes]:
    """Starts ``python -m snakepit_bridge`` with ``answer_fd`` as its descriptor 3, and ``wire_fd`` as its 5."""
    given = {3: answer_fd} | ({} if wire_fd is None else {5: wire_fd})
    return subprocess.Popen(
        [sys.executable, "-c", _EXEC, json.dumps(given), sys.executable, *flags(), "-m", "snakepit_bridge", *arguments],
        stdin=subprocess.PIPE,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        pass_fds=tuple(given.values()),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        **options,
    )


# Becomes the worker with the descriptors in their places; the process id stays.
_EXEC = """
import fcntl, json, os, sys
given = {int(place): fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for place, fd in json.loads(sys.argv[1]).items()}
os.closerange(3, 100)
for place, fd in given.items():
    os.dup2(fd, place)
os.execv(sys.argv[2], sys.argv[2:])
"""


def flags() -> list[str]:
    """The interpreter's options, as the host gives them."""
    return ["-u", "-X", "faulthandler"] + (["-P"] if sys.version_info >= (3, 11) else [])
