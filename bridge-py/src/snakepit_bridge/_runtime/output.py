"""What tools print and log: lines for the host, with the call in whose course they came."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from time import time_ns
from typing import Any

from snakepit_bridge._context import CURRENT
from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.enums import LogLevel
from snakepit_bridge._protocol.frames import LOG
from snakepit_bridge._runtime.black_box import BlackBox

_LINE = 8 * 1024


class Relay:
    """Sends lines to the host once it is attached; before and after, writes them to the process's own output."""

    def __init__(self, box: BlackBox) -> None:
        self._box = box
        self._line: Strand | None = None
        self._dropped = 0
        self._writers: list[LineWriter] = []

    def install(self) -> None:
        """Takes over ``sys.stdout``, ``sys.stderr`` and the root logger."""
        sys.stdout = self._writer("stdout", 1, LogLevel.INFO)
        sys.stderr = self._writer("stderr", 2, LogLevel.WARNING)
        root = logging.getLogger()
        root.addHandler(_Handler(self))
        root.setLevel(logging.INFO)
        logging.getLogger("snakepit.tool").setLevel(logging.DEBUG)

    def attach(self, line: Strand) -> None:
        """From now on lines go to the host."""
        self._line = line

    def detach(self) -> None:
        """The host is gone."""
        self._line = None

    def forked(self) -> None:
        """This is a child: nobody sends its lines, and a lock may be held by a thread that is not here."""
        self._line = None
        self._box.forked()
        for writer in self._writers:
            writer.forked()

    def after_call(self, call: int) -> None:
        """A call is about to end: what it wrote without a newline is its last line."""
        for writer in self._writers:
            writer.end_line(call)

    def emit(self, level: int, source: str, text: str, fd: int = 2) -> None:
        """Sends one line. Where too many wait already it is dropped and counted."""
        line = self._line
        if line is None:
            _write(fd, text + "\n")
            return
        self._box.add(text)
        if self._dropped and self._send(line, LogLevel.WARNING, "snakepit", f"{self._dropped} lines were dropped"):
            self._dropped = 0
        if not self._send(line, level, source, text):
            self._dropped += 1

    def _send(self, line: Strand, level: int, source: str, text: str) -> bool:
        message = text.encode("utf-8", "backslashreplace").decode() if len(text) <= _LINE else _cut(text)
        context = CURRENT.get(None)
        frame = (LOG, 0, int(level), source, message, time_ns() // 1_000_000)
        sent = None if context is None else context.send_log(frame)
        return line.add_if_room(frame) if sent is None else sent

    def _writer(self, source: str, fd: int, level: LogLevel) -> LineWriter:
        writer = LineWriter(self, source, fd, level)
        self._writers.append(writer)
        return writer


class LineWriter(io.TextIOBase):
    """A text stream that sends lines. ``fileno`` is the real output, for the tool's own children."""

    def __init__(self, relay: Relay, source: str, fd: int, level: LogLevel) -> None:
        super().__init__()
        self._relay = relay
        self._source = source
        self._fd = fd
        self._level = level
        self._pending: dict[int, str] = {}
        # Reentrant: a signal handler of the tool's may print while it prints.
        self._lock = threading.RLock()
        self.buffer = _Bytes(self)
        self.name = f"<{source}>"
        self.mode = "w"

    def forked(self) -> None:
        """Begins anew, with what the worker had not ended yet left to the worker."""
        self._lock = threading.RLock()
        self._pending = {}

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Always UTF-8."""
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Nothing that is printed raises."""
        return "backslashreplace"

    def write(self, text: str, /) -> int:
        """Sends the lines that are complete; keeps the rest for the next write of the same call."""
        if not isinstance(text, str):
            raise TypeError(f"write() expects a str, got {type(text).__name__}")
        call = _current_call()
        with self._lock:
            *lines, rest = (self._pending.pop(call, "") + text).split("\n")
            if len(rest) > _LINE:
                lines.append(rest)
                rest = ""
            if rest:
                self._pending[call] = rest
        for line in lines:
            self._relay.emit(self._level, self._source, line.removesuffix("\r"), self._fd)
        return len(text)

    def end_line(self, call: int) -> None:
        """Sends what a call wrote without a newline."""
        if self._pending and (rest := self._pending.pop(call, "")):
            self._relay.emit(self._level, self._source, rest, self._fd)

    def fileno(self) -> int:
        """The descriptor behind it."""
        return self._fd

    def writable(self) -> bool:
        """True."""
        return True

    def isatty(self) -> bool:
        """False: colours and progress bars have no place in a log."""
        return False


class _Bytes(io.RawIOBase):
    """``sys.stdout.buffer``: bytes that become the same lines."""

    def __init__(self, text: LineWriter) -> None:
        super().__init__()
        self._text = text

    def write(self, data: Any, /) -> int:
        raw = bytes(data)
        self._text.write(raw.decode("utf-8", "replace"))
        return len(raw)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._text.fileno()


class _Handler(logging.Handler):
    """The root logger's way to the host. A record of several lines becomes several lines."""

    def __init__(self, relay: Relay) -> None:
        super().__init__()
        self._relay = relay

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level = min(max(record.levelno // 10, LogLevel.DEBUG), LogLevel.CRITICAL)
            for line in self.format(record).splitlines() or [""]:
                self._relay.emit(level, record.name, line)
        except Exception:
            self.handleError(record)


def _current_call() -> int:
    context = CURRENT.get(None)
    return 0 if context is None else context.call_id


def _cut(text: str) -> str:
    return text[:_LINE].encode("utf-8", "backslashreplace").decode() + f"… ({len(text) - _LINE} more characters)"


def _write(fd: int, text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        pass  # nobody listens
