"""What tools print and log: lines for the host, with the call in whose course they came."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial, wraps
from queue import SimpleQueue
from time import sleep
from typing import Any

from snakepit_bridge._context import CURRENT, TOOL_LOGGER, Context
from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.enums import LogLevel
from snakepit_bridge._protocol.frames import Frame, log
from snakepit_bridge._runtime import records
from snakepit_bridge._runtime.black_box import BlackBox
from snakepit_bridge._runtime.lines import LONGEST_LINE, Lines
from snakepit_bridge._runtime.streams import Output

# How long a text may wait for its newline before it is seen; of a progress bar, the latest state is.
_SOON_S = 0.1
_LONGEST_TEXT = 32 * 1024


class Relay:
    """Sends lines to the host once it is attached; before and after, writes to the process's own output."""

    def __init__(self, box: BlackBox, tell_early: Callable[[dict[str, Any]], bool]) -> None:
        self._box = box
        self._tell_early = tell_early
        self._process = os.getpid()
        self._line: Strand | None = None
        self._dropped = 0
        self._capture = records.Capture()
        # Reentrant, where an Event is not: a signal handler may print while it prints.
        self._asked: SimpleQueue[None] = SimpleQueue()
        self._asking = False
        self._outputs = {
            "stdout": self._output("stdout", 1, LogLevel.INFO),
            "stderr": self._output("stderr", 2, LogLevel.WARNING),
        }

    def install(self) -> None:
        """Takes over ``sys.stdout``, ``sys.stderr``, the records of ``logging``, and what threads die of."""
        for name, (_, stream) in self._outputs.items():
            for place in (name, f"__{name}__"):
                setattr(sys, place, stream)
        logging.getLogger(TOOL_LOGGER).setLevel(logging.DEBUG)
        self._hear_records()
        threading.excepthook = self._told_once(threading.excepthook)
        threading.Thread(target=self._show, name="snakepit-output", daemon=True).start()

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
        for lines, _ in self._outputs.values():
            lines.forked()

    def after_call(self, call: int) -> None:
        """A call is about to end: what it wrote without a newline is its last line."""
        for name, (lines, stream) in self._outputs.items():
            if getattr(sys, name, None) is not stream:
                self._mend(name, stream)
            lines.end(call)

    def flush(self) -> None:
        """The process is about to end."""
        for lines, _ in self._outputs.values():
            lines.end_all()

    def emit(self, level: int, source: str, text: str) -> None:
        """Sends one line of the bridge's own."""
        self._say(level, source, 2, text, CURRENT.get(None))

    def _say(self, level: int, source: str, fd: int, text: str, context: Context | None) -> None:
        """Sends one line. Where too many wait already it is dropped and counted."""
        if self._line is None:
            _write(fd, text + "\n")
            return
        self._send(log(level, source, _sendable(text, LONGEST_LINE)), context)

    def _send(self, frame: Frame, context: Context | None) -> None:
        for line in frame[4].split("\n"):
            self._box.add(line)
        if self._dropped:
            told = log(LogLevel.WARNING, "snakepit", f"{self._dropped} lines were dropped")
            if self._add(told, context):
                self._dropped = 0
        if not self._add(frame, context):
            self._dropped += 1

    def _add(self, frame: Frame, context: Context | None) -> bool:
        sent = None if context is None else context.send_log(frame)
        if sent is not None:
            return sent
        line = self._line
        return line is not None and line.add_if_room(frame)

    def _output(self, name: str, fd: int, level: LogLevel) -> tuple[Lines, Output]:
        lines = Lines(partial(self._say, level, name, fd), self._box.note, self._soon)

        def divert(text: str) -> bool:
            if self._capture.take(text):
                return True
            if self._line is not None:
                return False
            # The host reads the process's own output, and nobody else will.
            _write(fd, text)
            return True

        return lines, Output(name, fd, lines, divert)

    def _mend(self, name: str, stream: Output) -> None:
        """A tool put another stream in the place of ours: what it cannot be used for any more harms no other call."""
        current = getattr(sys, name, None)
        try:
            if current is None or current.closed:
                setattr(sys, name, stream)
            elif getattr(current, "buffer", None) in stream.layers:
                current.flush()
        except Exception:
            pass  # a stream of the tool's own making

    # What waits to be seen.

    def _soon(self) -> None:
        if not self._asking:
            self._asking = True
            self._asked.put(None)

    def _show(self) -> None:
        while True:
            self._asked.get()
            sleep(_SOON_S)
            self._asking = False
            for lines, _ in self._outputs.values():
                lines.show()

    # Records.

    def _hear_records(self) -> None:
        """Every record that its logger lets pass is heard. No handler of ours is there to be seen, or taken away."""
        call_handlers = logging.Logger.callHandlers

        @wraps(call_handlers)
        def hear(logger: logging.Logger, record: logging.LogRecord) -> None:
            before = self._capture.begin()
            try:
                call_handlers(logger, record)
            finally:
                self._tell(record, self._capture.end(before))

        logging.Logger.callHandlers = hear  # type: ignore[method-assign, assignment]

    def _tell(self, record: logging.LogRecord, shown: str) -> None:
        try:
            level = min(max(record.levelno // 10, LogLevel.DEBUG), LogLevel.CRITICAL)
            message = _sendable(records.text_of(record), _LONGEST_TEXT)
            # Nobody asks for the logger of a call in order not to see what it says.
            seen = message if record.name == TOOL_LOGGER and not shown else _sendable(shown, _LONGEST_TEXT)
            frame = log(level, _sendable(record.name, LONGEST_LINE), message, records.fields_of(record), seen)
            if self._line is not None:
                self._send(frame, CURRENT.get(None))
            elif not self._sent_early(frame):
                _write(2, shown)
        except Exception as error:
            self.emit(LogLevel.ERROR, "snakepit", f"a log record could not be told: {type(error).__name__}: {error}")

    def _sent_early(self, frame: Frame) -> bool:
        """Sends a record before there is a wire. A child has none to send."""
        names = ("level", "source", "message", "timeMs", "fields", "shown")
        return os.getpid() == self._process and self._tell_early(dict(zip(names, frame[2:], strict=True)))

    def _told_once(self, hook: Any) -> Any:
        """A hook whose lines on stderr are one message."""

        def hear(told: Any) -> None:
            before = self._capture.begin()
            try:
                hook(told)
            finally:
                text = self._capture.end(before).rstrip("\n")
                if text and self._line is None:
                    _write(2, text + "\n")
                elif text:
                    self._send(log(LogLevel.ERROR, "stderr", _sendable(text, _LONGEST_TEXT)), CURRENT.get(None))

        return hear


def _sendable(text: str, limit: int) -> str:
    """What UTF-8 can say of a text, and of one that is too long its beginning and, of several lines, its end."""
    if len(text) > limit:
        head, tail = (limit, 0) if "\n" not in text else (limit // 4, limit - limit // 4)
        text = f"{text[:head]}… ({len(text) - limit} more characters){text[len(text) - tail :]}"
    return text.encode("utf-8", "backslashreplace").decode()


def _write(fd: int, text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        pass  # nobody listens
