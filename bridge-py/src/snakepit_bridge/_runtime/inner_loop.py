"""A loop of a tool's own, by ``asyncio.run`` in a sync tool: a cancel goes through it, so that it ends as it should.

An exception that is raised somewhere in a loop's machinery may end up in its exception handler, and nowhere else. What
the tool waits for is cancelled instead, as Ctrl-C does it: its ``finally`` runs, and ``asyncio.run`` closes the loop.
"""

from __future__ import annotations

import asyncio
from asyncio import BaseEventLoop, Future
from time import monotonic
from types import CodeType, FrameType
from typing import Any

from snakepit_bridge._runtime.places import is_boundary
from snakepit_bridge._runtime.run import Run

# What a loop gets to come to its next turn; code that gives it none is interrupted where it is.
_TURN_S = 0.01

_WAITS: CodeType = BaseEventLoop.run_until_complete.__code__


def ask(run: Run, frame: FrameType | None) -> bool:
    """Asks the loop that a tool runs above ``frame`` to leave, if there is one. False once that has not helped."""
    while frame is not None and frame.f_code is not _WAITS:
        frame = None if is_boundary(frame) else frame.f_back
    if frame is None:
        return False
    loop, future = frame.f_locals.get("self"), frame.f_locals.get("future")
    if not isinstance(loop, asyncio.AbstractEventLoop) or not isinstance(future, Future) or future.done():
        return False
    if run.asked:
        return monotonic() - run.asked < _TURN_S
    run.asked = monotonic()
    try:
        loop.call_soon_threadsafe(_cancel, run, future)
    except RuntimeError:
        return False  # it was closed in this moment
    return True


def _cancel(run: Run, future: Future[Any]) -> None:
    if not (run.over or run.interrupted or run.shields) and future.cancel():
        run.interrupted = True
