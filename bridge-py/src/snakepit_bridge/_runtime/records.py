"""Records of ``logging`` on their way to the host, whatever handlers the program sets up or takes away."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

# What every record has; the rest was given with `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "exc_text"}
_FIELD = 1024
_FIELDS = 8 * 1024
_DEPTH = 4


class Capture(threading.local):
    """Keeps what is written on this thread meanwhile, so that it is said once, with what it belongs to."""

    pieces: list[str] | None = None

    def take(self, text: str) -> bool:
        """Keeps a text, where somebody captures."""
        if self.pieces is None:
            return False
        self.pieces.append(text)
        return True

    def begin(self) -> list[str] | None:
        """Captures from here on. Returns what ``end`` needs."""
        before, self.pieces = self.pieces, []
        return before

    def end(self, before: list[str] | None) -> str:
        """Everything that was written since ``begin``."""
        text, self.pieces = "".join(self.pieces or ()), before
        return text


def text_of(record: logging.LogRecord) -> str:
    """A record's own text, with its traceback and stack below it."""
    try:
        text = record.getMessage()
    except Exception as error:  # arguments that do not fit the message, or whose text cannot be made
        text = f"{record.msg!r} (its arguments do not fit: {type(error).__name__}: {error})"
    if record.exc_info and record.exc_info[0] is not None:
        text += "\n" + (record.exc_text or _PLAIN.formatException(record.exc_info))
    elif record.exc_text:
        text += "\n" + record.exc_text
    if record.stack_info:
        text += "\n" + record.stack_info
    return text


def fields_of(record: logging.LogRecord) -> str:
    """What ``extra`` gave a record, as a JSON object; empty for none. What is too large is left out, and said so."""
    extra = {str(name): value for name, value in vars(record).items() if name not in _STANDARD}
    if not extra:
        return ""
    kept: dict[str, Any] = {}
    left = _FIELDS
    for name, value in extra.items():
        plain = _plain(value, _DEPTH)
        left -= len(json.dumps({name: plain}))
        if left < 0:
            kept["…"] = f"{len(extra) - len(kept)} more fields"
            break
        kept[name] = plain
    return json.dumps(kept)


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int)):
        # As text above what a double can hold.
        return value if value is None or abs(value) <= 2**53 else str(value)[:_FIELD]
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)
    if isinstance(value, dict) and depth:
        return {_text(key): _plain(each, depth - 1) for key, each in list(value.items())[:64]}
    if isinstance(value, (list, tuple, set, frozenset)) and depth:
        return [_plain(each, depth - 1) for each in list(value)[:64]]
    return _text(value)


def _text(value: Any) -> str:
    try:
        text = str(value)
    except Exception as error:
        text = f"<its text could not be made: {type(error).__name__}>"
    cut = text if len(text) <= _FIELD else f"{text[:_FIELD]}…"
    return cut.encode("utf-8", "backslashreplace").decode()


_PLAIN = logging.Formatter()
