"""The end of a worker: that of an ordinary Python process, with a bound on it.

The main thread returns and the interpreter does the rest: it waits for threads, runs ``atexit``, closes files, calls
what is left to be called. What hangs on the way is cut short: by a thread of ours while threads still run, by the
guardian once the interpreter has stopped them, by the host's stop ladder in every case.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakepit_bridge._runtime.event_loop import EventLoop

# For tasks of the event loop that were cancelled, to leave.
_TASKS_S = 0.3
# For all of the end, from the moment on that no tool runs. The host is patient for a little longer.
END_S = 1.6


class Ending:
    """Knows whether the worker's end has begun, and tells the guardian, which then is more patient."""

    def __init__(self, notice: int) -> None:
        self._notice = notice
        self._begun = threading.Event()
        # What is to be done when the host is gone and no end has begun. While the worker starts there is nothing to
        # be saved.
        self.when_gone: Callable[[], object] = lambda: os._exit(0)

    @property
    def begun(self) -> bool:
        """True once the main thread is on its way out."""
        return self._begun.is_set()

    def begin(self) -> None:
        """The main thread is about to leave."""
        self._begun.set()
        with suppress(OSError):  # the guardian is gone
            os.write(self._notice, b"\0")

    def watch(self, until: float, status: int = 0) -> None:
        """Waits until then, on a thread that ends with the process. Is that still there, says why, and ends it."""
        threading.Event().wait(max(0.0, until - monotonic()))
        with suppress(OSError):
            os.write(2, f"{_what_is_left()}\n".encode("utf-8", "backslashreplace"))
        os._exit(status)

    def watch_from_now(self, status: int) -> None:
        """The same, on a thread of its own, from now on."""
        threading.Thread(
            target=self.watch, args=(monotonic() + END_S, status), name="snakepit-end", daemon=True
        ).start()

    def wait(self, timeout: float) -> bool:
        """Waits (s) for the end to begin. False when it has not."""
        return self._begun.wait(timeout)

    def host_gone(self) -> None:
        """The host is gone."""
        if not self.begun:
            self.when_gone()


def end_loop(loop: EventLoop) -> None:
    """Ends the event loop as ``asyncio.run`` does: tasks are cancelled and left, async generators closed."""
    with suppress(Exception):  # a tool that keeps the loop to itself
        loop.complete(_wind_up()).result(2 * _TASKS_S)
    loop.stop()


async def _wind_up() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_TASKS_S)
    await asyncio.get_running_loop().shutdown_asyncgens()


def as_main_thread() -> None:
    """Has the threads that the calling thread starts waited for in the end, as those that a main thread starts.

    A thread passes on to its own threads whether it is a daemon. Ours are, and tools know nothing of it.
    """
    setattr(threading.current_thread(), "_daemonic", False)  # noqa: B010 - it has started: the property refuses


def _what_is_left() -> str:
    frames = sys._current_frames()
    ours = "snakepit-"
    waited_for = [t for t in threading.enumerate() if not t.daemon and not t.name.startswith(ours)]
    main = threading.main_thread()
    stuck = [
        f"thread '{thread.name}' at {_place(frames.get(thread.ident or 0))}" for thread in waited_for if thread != main
    ]
    return "the end of this worker took too long and was cut short; still running: " + ", ".join(
        stuck or [_place(frames.get(main.ident or 0))]
    )


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    library = os.path.dirname(threading.__file__) + os.sep
    at: FrameType | None = frame
    # The lines that an author knows: not those of a lock or a queue that they wait for.
    while at is not None and at.f_code.co_filename.startswith((library, "<frozen")):
        at = at.f_back
    at = at or frame
    return f"{at.f_code.co_filename}:{at.f_lineno} in {at.f_code.co_name}"
