"""Forked children: a child of ``os.fork`` runs its tool to the end, and never the worker's own lines.

It is a copy of the worker with one thread. What comes after the tool, the call's answer, the next call, the end of the
worker, is the worker's to do. So a child that leaves its tool ends there, as a script that comes to its last line.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from weakref import WeakSet

from snakepit_bridge._bootstrap import user_part
from snakepit_bridge._runtime import own_signals


class Forked(Protocol):
    """Something that has to be another thing in a forked child."""

    def forked(self) -> None:
        """This is a child. Called before anything else is."""


_told: WeakSet[Forked] = WeakSet()
_last: list[Callable[[], object]] = []
# The process whose forks are watched.
_worker: set[int] = set()


def tell(what: Forked) -> None:
    """Has ``what`` told in every forked child, as long as it lives."""
    _told.add(what)


def at_end(act: Callable[[], object]) -> None:
    """Has ``act`` called in a child that has left its tool, right before it ends."""
    _last.append(act)


def watch() -> None:
    """Watches this process's forks.

    A child inherits the handlers of signals and the pipe that they write to: SIGTERM to such a child would stop the
    worker itself. Signals wait until the child has shed them, however soon they come.
    """
    _worker.add(os.getpid())
    masks = threading.local()

    def before() -> None:
        masks.kept = signal.pthread_sigmask(signal.SIG_BLOCK, own_signals.numbers())

    def in_parent() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.kept)

    def in_child() -> None:
        signal.set_wakeup_fd(-1)
        own_signals.give_back()
        for what in _told:
            what.forked()
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.kept)

    os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)


def is_child() -> bool:
    """True in a forked child, once forks are watched."""
    return bool(_worker) and os.getpid() not in _worker


def end_if_child() -> None:
    """In a forked child: ends it, with the exception that is on its way, if one is. In the worker: nothing."""
    if is_child():
        end(sys.exc_info()[1])


def end(error: BaseException | None) -> None:
    """Ends this child as a script ends: 0, what ``sys.exit`` says, or 1 and a traceback.

    ``atexit`` is the worker's: what is registered there cleans up after the worker.
    """
    status = 1
    try:
        status = _status(error)
        threading._shutdown()  # type: ignore[attr-defined] # waits for the threads that the child has started
        for act in _last:
            act()
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
    finally:
        os._exit(status)


def _status(error: BaseException | None) -> int:
    # How a coroutine and a generator return.
    if error is None or isinstance(error, (StopIteration, StopAsyncIteration)):
        return 0
    if isinstance(error, SystemExit):
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        sys.stderr.write(f"{error.code}\n")
        return 1
    traceback = user_part(error.__traceback__)
    sys.excepthook(type(error), error.with_traceback(traceback), traceback)
    return 1
