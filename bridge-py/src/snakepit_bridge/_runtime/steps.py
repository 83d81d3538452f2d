"""The steps of an async tool: what the event loop runs of it in one go."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.run import Run
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge.errors import CallCancelled

T = TypeVar("T")


@boundary
@coroutine
def in_steps(interrupts: ThreadInterrupts, run: Run, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Awaits a coroutine of a tool's; the run is armed within its steps, and never while others have their turn.

    An interrupt may also arrive in the lines before and after the tool's own. A tool that waits gets it handed in; for
    one that has ended it takes the place of what the tool returned or raised, which nobody wants any more.
    """
    step: Any = work.send
    value: Any = None
    try:
        while True:
            try:
                interrupts.armed = run
                awaited = step(value)
                interrupts.armed = None
                if interrupts.pending:
                    interrupts.settle()
            except StopIteration as end:
                interrupts.leave()
                result: T = end.value
                return result
            except BaseException as error:
                if not isinstance(error, CallCancelled) or getattr(work, "cr_frame", None) is None:
                    interrupts.leave()
                    raise
                step, value = work.throw, error
                continue
            try:
                value = yield awaited
                step = work.send
            except BaseException as error:
                step, value = work.throw, error
    finally:
        # An exception and the frame that holds it are a circle.
        del step, value
