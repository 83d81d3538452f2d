"""Python exceptions as the wire tells them: structured, bounded, and safe from what an exception's own code does."""

from __future__ import annotations

import linecache
import os
import re
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from snakepit_bridge._environment import hint_of
from snakepit_bridge.errors import SnakepitError

TEXT_LIMIT = 64 * 1024
_MOST_FRAMES = 64
_HEAD = 16
_DEPTH = 8
# Of one failure, its causes and the members of groups together.
_EXCEPTIONS = 64
_SIZE = 1 << 20
_NOTES = 64
_SHORT = 1024
# What a log record holds.
_LINE = 8 * 1024

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_RUNTIME = tuple(os.path.join(_PACKAGE, room) + os.sep for room in ("_runtime", "_peer", "_wire", "_codec", "tools"))


# Code, message, details and the fields of an exception, as an END has them.
Told = tuple[str, str, dict[str, str], "list[Any] | None"]


def describe(exception: BaseException) -> Told:
    """What an exception is told as. The library's own errors keep their code; anything else is a ``python_error``."""
    try:
        return _describe(exception)
    except BaseException:
        # Out of memory, or an exception that fights back: it is told all the same.
        return "python_error", f"{type(exception).__name__} (it could not be told in full)", {}, None


def _describe(exception: BaseException) -> Told:
    fields = _fields(exception, 0, _Seen())
    if not isinstance(exception, SnakepitError):
        # The note that says how to mend it is told where everybody looks first.
        hint = hint_of(exception)
        return "python_error", cut(_headline(exception) + (f"\n{hint}" if hint else ""))[0], {}, fields
    # A tool may raise one of its own making.
    details = {str(key): cut(str(value), _SHORT)[0] for key, value in exception.details.items()}
    return str(exception.code), message_of(exception)[0], details, fields


def told(what: str, exception: BaseException) -> str:
    """One log record: what raised, the exception in a line, and its traceback, innermost lines last."""
    text = cut(f"{what} {_headline(exception)}", _LINE // 4)[0]
    lines, _ = _text(exception)
    tail = lines.rstrip()[-(_LINE - len(text) - 2) :]
    return f"{text}\n{tail}" if tail else text


def cut(text: str, limit: int = TEXT_LIMIT) -> tuple[str, bool]:
    """A text of at most ``limit`` bytes that UTF-8 can say, and whether anything was cut."""
    data = text[: limit + 1].encode("utf-8", "backslashreplace")
    if len(data) <= limit:
        return data.decode(), False
    return data[: limit - 3].decode("utf-8", "ignore") + "…", True


class _Seen:
    """How much of a failure was told already, with its causes and the members of groups."""

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.size = 0

    def has_room(self, depth: int) -> bool:
        return depth < _DEPTH and len(self.ids) < _EXCEPTIONS and self.size < _SIZE


def _fields(exception: BaseException, depth: int, seen: _Seen) -> list[Any]:
    seen.ids.add(id(exception))
    kind = type(exception)
    bases = [cut(_name(base), _SHORT)[0] for base in kind.__mro__[1:] if base is not object]
    message, cut_message = message_of(exception)
    notes, cut_notes = _notes(exception)
    frames, cut_frames = _frames(_user_part(exception.__traceback__))
    # The text tells the whole chain; the causes need none of their own.
    text, cut_text = _text(exception) if depth == 0 else ("", False)
    seen.size += (
        len(message) + len(text) + sum(map(len, notes)) + sum(len(file) + len(line) for file, _, _, line in frames)
    )
    cut_others = False

    def other(each: BaseException) -> list[Any] | None:
        nonlocal cut_others
        if id(each) in seen.ids:
            return None
        if seen.has_room(depth):
            return _fields(each, depth + 1, seen)
        cut_others = True
        return None

    cause = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)
    caused = None if cause is None else other(cause)
    members = [fields for each in _members(exception) if (fields := other(each)) is not None]
    truncated = cut_message or cut_notes or cut_frames or cut_text or cut_others
    category = _category(exception, message)
    return [cut(_name(kind), _SHORT)[0], bases, message, notes, frames, text, caused, category, truncated, members]


def _members(exception: BaseException) -> tuple[BaseException, ...]:
    """What an exception group holds. That of the `exceptiongroup` package, before Python 3.11, has the same shape."""
    members = _attribute(exception, "exceptions")
    if not isinstance(members, tuple) or not all(isinstance(member, BaseException) for member in members):
        return ()
    return members


def _attribute(exception: BaseException, name: str) -> Any:
    try:
        return getattr(exception, name, None)
    except Exception:  # a property of the exception's own
        return None


def _headline(exception: BaseException) -> str:
    name, message = _name(type(exception)), message_of(exception)[0]
    return f"{name}: {message}" if message else name


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(exception: BaseException) -> tuple[str, bool]:
    """An exception's own text, whatever its `__str__` does, and whether it was cut."""
    try:
        return cut(str(exception))
    except BaseException as error:  # whatever a `__str__` does, the failure itself has to be told
        return f"<its text could not be made: {type(error).__name__}>", False


def _notes(exception: BaseException) -> tuple[list[str], bool]:
    hint = hint_of(exception)
    told = [] if hint is None else [hint]
    notes = _attribute(exception, "__notes__")
    if not isinstance(notes, (list, tuple)):
        return told, False
    kept = [cut(note, TEXT_LIMIT // 8) for note in notes[:_NOTES] if isinstance(note, str)]
    return told + [text for text, _ in kept], len(notes) > _NOTES or any(was_cut for _, was_cut in kept)


def _user_part(tb: TracebackType | None) -> TracebackType | None:
    """The traceback from the first line that is not the runtime's own."""
    start = tb
    while start is not None and os.path.abspath(start.tb_frame.f_code.co_filename).startswith(_RUNTIME):
        start = start.tb_next
    # The runtime itself failed: then its lines are what is wanted.
    return tb if start is None else start


def _entries(tb: TracebackType | None) -> Iterator[TracebackType]:
    while tb is not None:
        yield tb
        tb = tb.tb_next


def _frames(tb: TracebackType | None) -> tuple[list[list[Any]], bool]:
    entries = list(_entries(tb))
    kept = entries if len(entries) <= _MOST_FRAMES else entries[:_HEAD] + entries[_HEAD - _MOST_FRAMES :]
    frames = []
    for entry in kept:
        code = entry.tb_frame.f_code
        line = entry.tb_lineno or 0
        source = linecache.getline(code.co_filename, line, entry.tb_frame.f_globals).strip()
        function = cut(getattr(code, "co_qualname", code.co_name), _SHORT)[0]
        frames.append([cut(code.co_filename, _SHORT)[0], max(0, line), function, cut(source, _SHORT)[0]])
    return frames, len(kept) < len(entries)


def _text(exception: BaseException) -> tuple[str, bool]:
    try:
        # A negative limit keeps the innermost lines.
        told = traceback.TracebackException(
            type(exception), exception, _user_part(exception.__traceback__), limit=-_MOST_FRAMES, compact=True
        )
        return cut("".join(told.format()))
    except BaseException:  # see `message_of`
        return "", True


_SHAPE = re.compile(
    r"could not be broadcast|cannot be broadcast|shapes? .* not aligned|cannot reshape array|core dimension"
    r"|all the input array dimensions|shapes cannot be multiplied|must match the size of tensor|size mismatch"
    r"|shape '.*' is invalid for input|inhomogeneous shape|Sizes of tensors must match"
    r"|inconsistent numbers of samples"
)
_DTYPE = re.compile(
    r"expected scalar type|Cannot cast ufunc|not supported for the input types|have the same dtype"
    r"|did not contain a loop|can't convert np\.ndarray of type|Cannot interpret .* as a data type"
    r"|not implemented for '|dtype mismatch"
)
_DEVICE = re.compile(
    r"on the same device|CUDA error|device-side assert|No CUDA GPUs|Torch not compiled with|Invalid device"
    r"|NVIDIA driver|can't convert (cuda|mps).* device type tensor to numpy"
)
_MEMORY = re.compile(r"out of memory|DefaultCPUAllocator: can't allocate", re.IGNORECASE)


def _category(exception: BaseException, message: str) -> str:
    if isinstance(exception, MemoryError) or type(exception).__name__ == "OutOfMemoryError":
        return "out_of_memory"
    if not isinstance(exception, (RuntimeError, ValueError, TypeError, AssertionError)):
        return ""
    if isinstance(exception, RuntimeError) and _MEMORY.search(message):
        return "out_of_memory"
    for category, pattern in (("device", _DEVICE), ("dtype", _DTYPE), ("shape", _SHAPE)):
        if pattern.search(message):
            return category
    return ""
