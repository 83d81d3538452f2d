"""What is written to one output, cut into lines: each writer's own, redraws and waiting text at a bounded rate."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Callable
from typing import Any

from snakepit_bridge._context import CURRENT, Context

LONGEST_LINE = 8 * 1024


class Line:
    """A line that has not ended yet. What stands before a carriage return is overwritten by what comes after it."""

    __slots__ = ("context", "decoder", "redrawn", "returned", "said", "shown", "text")

    def __init__(self, context: Context | None) -> None:
        self.context = context
        self.decoder: codecs.IncrementalDecoder | None = None
        self.text = self.said = ""
        self.shown = self.redrawn = self.returned = False

    def add(self, piece: str) -> None:
        """Takes what was written; it holds no newline."""
        first, *more = piece.split("\r")
        if first:
            self.text = first if self.returned else self.text + first
            self.returned = False
        for part in more:
            self.redrawn = True
            self.returned = not part
            if part:
                self.text = part

    def end(self) -> str | None:
        """The newline came. Returns what is left to say of the line; None when all of it was said."""
        text = self._trimmed()
        over = self.shown and (not text or (self.redrawn and (text == self.said or not text.strip())))
        self._reset()
        return None if over else text

    def show(self) -> str | None:
        """Takes what waits, to be said before the line has ended; None when there is nothing to see."""
        text = self._trimmed()
        if not text.strip() or (self.redrawn and text == self.said):
            return None
        self.said, self.shown, self.text = text, True, ""
        return text

    @property
    def idle(self) -> bool:
        """True when nothing is known of it that a new line would not know."""
        return not (self.text or self.shown or self.returned or self.decoder)

    def _trimmed(self) -> str:
        # Progress bars wipe with blanks what they were longer before.
        return self.text.rstrip() if self.redrawn else self.text

    def _reset(self) -> None:
        self.text = self.said = ""
        self.shown = self.redrawn = self.returned = False


# Says a line of a writer, and the context of the call that it belongs to.
Say = Callable[[str, "Context | None"], object]


class Lines:
    """One output. Any thread may write; what calls and threads write at the same time is kept apart."""

    def __init__(self, say: Say, note: Callable[[str, object], object], soon: Callable[[], object]) -> None:
        self._say = say
        self._note = note
        self._soon = soon
        self._open: dict[int, Line] = {}
        # Reentrant: a signal handler of the tool's may print while it prints.
        self._lock = threading.RLock()

    def forked(self) -> None:
        """Begins anew, with what the worker had not ended yet left to the worker."""
        self._lock = threading.RLock()
        self._open = {}

    def write(self, text: str) -> None:
        """Says the lines that are complete; keeps the rest for the next write of the same call."""
        context = CURRENT.get(None)
        key = _writer(context)
        with self._lock:
            if key not in self._open and text.endswith("\n") and "\r" not in text:
                said = text[:-1].split("\n")
            else:
                said = self._add(key, context, text)
        for line in said:
            self._say(line, context)

    def write_bytes(self, data: bytes) -> None:
        """The same for UTF-8, whose characters may come in two pieces."""
        context = CURRENT.get(None)
        with self._lock:
            line = self._line(_writer(context), context)
            if line.decoder is None:
                line.decoder = _decoder("replace")
            text = line.decoder.decode(data)
        self.write(text)

    def flush(self) -> None:
        """What waits for its newline is to be seen soon, and at once where a crash leaves it."""
        key = _writer(CURRENT.get(None))
        line = self._open.get(key)
        if line is not None and line.text:
            self._note(line.text, (self, key))
            self._soon()

    def show(self) -> None:
        """Says what waits to be seen."""
        with self._lock:
            for line in list(self._open.values()):
                if (text := line.show()) is not None:
                    self._say(text, line.context)

    def end(self, call: int) -> None:
        """A call ends: what it wrote without a newline is its last line."""
        if not self._open:
            return
        with self._lock:
            line = self._open.pop(call, None)
        if line is None:
            return
        if line.decoder is not None and (rest := line.decoder.decode(b"", final=True)):
            line.add(rest)
        if line.text and (text := line.end()) is not None:
            self._say(text, line.context)

    def end_all(self) -> None:
        """The process ends."""
        for key in list(self._open):
            self.end(key)

    def _add(self, key: int, context: Context | None, text: str) -> list[str]:
        line = self._line(key, context)
        *ended, rest = text.split("\n")
        said: list[str] = []
        for piece in ended:
            line.add(piece)
            if (whole := line.end()) is not None:
                said.append(whole)
        line.add(rest)
        if len(line.text) > LONGEST_LINE:
            said.append(line.text)
            line.text = ""
        if line.idle:
            # A signal handler that printed meanwhile may have been here before.
            self._open.pop(key, None)
        elif "\r" in rest:
            self._soon()
        return said

    def _line(self, key: int, context: Context | None) -> Line:
        line = self._open.get(key)
        if line is None:
            line = self._open[key] = Line(context)
        return line


def _writer(context: Context | None) -> int:
    """Calls by their number; threads outside of calls by theirs, below zero."""
    return -threading.get_ident() if context is None else context.call_id


_decoder: Any = codecs.getincrementaldecoder("utf-8")
