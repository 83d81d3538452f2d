"""The first words: the host's line on standard input, and the worker's answer."""

from __future__ import annotations

import json
import os
import select
import threading
import traceback
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from snakepit_bridge import _environment

if TYPE_CHECKING:
    from types import TracebackType

PROTOCOL = 1
ANSWER_FD = 3
START_FAILED = 3

# Where the lines of a failure are the user's own.
_USER_STAGES = ("requirements", "adapter", "tools", "initialize")

_WAIT_S = 10.0
_LINE_LIMIT = 1 << 20
_TEXT_LIMIT = 32 * 1024


class StartFailure(Exception):
    """The worker cannot start. ``stage`` says how far it came; the cause says why."""

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage
        self.message = message


@dataclass(frozen=True)
class Settings:
    """What the host's line says, checked."""

    worker: str
    incarnation: str
    host_token: str
    worker_token: str
    adapter_file: str | None
    adapter_module: str | None
    adapter_attribute: str | None
    transport: dict[str, Any]
    threads: int
    cwd: str
    environment: dict[str, Any]


def read_settings(fd: int) -> Settings:
    """Waits for the line and checks it. Raises ``StartFailure`` of stage ``bootstrap``."""
    line = _read_line(fd)
    try:
        told = json.loads(line)
    except ValueError as error:
        raise StartFailure("bootstrap", f"the bootstrap line is no JSON: {error}") from error
    if not isinstance(told, dict) or told.get("snakepit") != PROTOCOL:
        version = told.get("snakepit") if isinstance(told, dict) else told
        raise StartFailure(
            "bootstrap",
            f"this package speaks protocol {PROTOCOL}, the host speaks {version!r}: "
            "use the bridge-py of the same npm package",
        )
    adapter = _field(told, "adapter", dict)
    transport = _field(told, "transport", dict)
    if not isinstance(adapter.get("file"), str) and not isinstance(adapter.get("module"), str):
        raise StartFailure("bootstrap", "expected `adapter` with a `file` or a `module`")
    return Settings(
        worker=_field(told, "worker", str),
        incarnation=_field(told, "incarnation", str),
        host_token=_field(told, "hostToken", str),
        worker_token=_field(told, "workerToken", str),
        adapter_file=adapter.get("file"),
        adapter_module=adapter.get("module"),
        adapter_attribute=adapter.get("attribute"),
        transport=transport,
        threads=_threads(told),
        cwd=told.get("cwd") or os.getcwd(),
        environment=told.get("environment") or {},
    )


def tell_log(fd: int, log: dict[str, Any]) -> bool:
    """Tells the host of a log record before the answer. False once that was given."""
    with _telling:
        return not _answered and _send(fd, {"snakepit": PROTOCOL, "log": log})


def answer(fd: int, incarnation: str, address: str) -> None:
    """Tells the host that the worker is ready, and where."""
    _write(fd, {"snakepit": PROTOCOL, "incarnation": incarnation, "pid": os.getpid(), "address": address})


def answer_failure(fd: int, failure: StartFailure) -> None:
    """Tells the host why the worker cannot start."""
    cause = failure.__cause__
    _write(
        fd,
        {
            "snakepit": PROTOCOL,
            "failure": {
                "stage": failure.stage,
                "type": type(cause or failure).__qualname__,
                "message": _with_hint(failure)[:_TEXT_LIMIT],
                "traceback": _traceback(cause)[:_TEXT_LIMIT] if cause and failure.stage in _USER_STAGES else "",
            },
        },
    )


def _with_hint(failure: StartFailure) -> str:
    hint = _environment.hint_of(failure.__cause__)
    return failure.message if hint is None else f"{failure.message} ({hint})"


def _read_line(fd: int) -> bytes:
    deadline = monotonic() + _WAIT_S
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    line = b""
    while b"\n" not in line:
        left = deadline - monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise StartFailure("bootstrap", f"no bootstrap line came within {_WAIT_S:g} s")
        piece = os.read(fd, 65536)
        if not piece:
            raise StartFailure("bootstrap", "standard input ended before the bootstrap line was complete")
        line += piece
        if len(line) > _LINE_LIMIT:
            raise StartFailure("bootstrap", f"the bootstrap line is above the limit of {_LINE_LIMIT} bytes")
    return line.partition(b"\n")[0]


def _field(told: dict[str, Any], name: str, kind: type) -> Any:
    value = told.get(name)
    if not isinstance(value, kind):
        raise StartFailure("bootstrap", f"expected `{name}` to be a {kind.__name__}, got {value!r}")
    return value


def _threads(told: dict[str, Any]) -> int:
    """How many threads run sync tools; 0 for the main thread alone."""
    threads = told.get("threads") or 0
    if type(threads) is not int or threads < 0:
        raise StartFailure("bootstrap", f"expected `threads` to be a number of threads or null, got {threads!r}")
    return threads


def _traceback(error: BaseException) -> str:
    tb = user_part(error.__traceback__)
    if tb is None and not (error.__cause__ or error.__context__ or isinstance(error, SyntaxError)):
        return ""  # no line of theirs is to blame, and the message was told
    try:
        return "".join(traceback.TracebackException(type(error), error, tb, limit=-64, compact=True).format())
    except Exception:
        return type(error).__qualname__


def user_part(tb: TracebackType | None) -> TracebackType | None:
    """The traceback without this package's and the import system's frames at the top."""
    package = os.path.dirname(os.path.abspath(__file__)) + os.sep
    start = tb
    while start is not None:
        file = start.tb_frame.f_code.co_filename
        if not file.startswith(("<frozen ", package)) and not file.endswith(os.path.join("importlib", "__init__.py")):
            return start
        start = start.tb_next
    return None


# Threads of the adapter may log while the answer is given: the lines must not mix, and nothing comes after it.
_telling = threading.Lock()
_answered: list[bool] = []


def _write(fd: int, message: dict[str, Any]) -> None:
    with _telling:
        _answered.append(True)
        _send(fd, message)
        os.close(fd)


def _send(fd: int, message: dict[str, Any]) -> bool:
    data = json.dumps(message).encode() + b"\n"
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        return False  # the host is gone: its end of standard input tells the rest
    return True
