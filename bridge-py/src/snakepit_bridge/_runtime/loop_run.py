"""A call on the event loop."""

from __future__ import annotations

import asyncio
from types import TracebackType

from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.run import Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge.tools.spec import ToolSpec


class LoopRun(Run):
    """A call on the event loop. Everything but ``interrupt`` happens on the loop's thread."""

    __slots__ = ("_held_back", "_interrupts", "_loop", "fallen", "in_tool", "task")

    def __init__(
        self,
        call: ServedCall,
        spec: ToolSpec,
        worker_id: str,
        scope: Scope,
        loop: asyncio.AbstractEventLoop,
        interrupts: ThreadInterrupts,
        context: Context | None = None,
    ) -> None:
        super().__init__(call, spec, worker_id, scope, context)
        self._loop = loop
        self._interrupts = interrupts
        self.task: asyncio.Task[None] | None = None
        # True while the tool's own code is awaited; elsewhere the runtime sees the cancel by itself.
        self.in_tool = False
        # What would end a program: raised in a task or a callback of this call's, where nobody waited for it.
        self.fallen: BaseException | None = None
        self._held_back = False

    def interrupt(self) -> None:
        """Asks for the task's cancellation, and for an interrupt where that gets no turn; any thread may."""
        self._loop.call_soon_threadsafe(self._strike)
        self._interrupts.request(self)

    def fall(self, error: BaseException) -> None:
        """Ends the call with what came out of a task or a callback of its own, as it would end a program."""
        if self.fallen is not None:
            return
        self.fallen = error
        if self.call.credit.waiting and self.task is not None:
            self.task.cancel()
        self._strike()

    def enter_shield(self) -> None:
        """Holds interrupts back, also one that is on its way."""
        super().enter_shield()
        if self._interrupts.pending:
            self._interrupts.take_back()

    def leave_shield(self, *, raising: bool) -> None:
        """Lets interrupts through again: one that was held back comes at the next ``await``."""
        super().leave_shield(raising=raising)
        if self.shields == 0 and self._held_back:
            self._held_back = False
            self._loop.call_soon_threadsafe(self._strike)

    def end_with_exception(self, error: BaseException) -> None:
        """Ends the call with what the tool raised, as cancelled, or with what it fell by."""
        if issubclass(type(error), asyncio.CancelledError) and not self.cancelled:
            error = self.fallen or self._cancelled_by_others(error.args, error.__traceback__)
        super().end_with_exception(error)

    def _cancelled_by_others(self, args: tuple[object, ...], traceback: TracebackType | None) -> BaseException:
        said = f": {args[0]}" if args and isinstance(args[0], str) else ""
        return asyncio.CancelledError(
            f"tool '{self.spec.name}' was cancelled by code in its worker, not by its caller{said}. Something there "
            "cancels a task that this call is, or waits for: its own, or all that `asyncio.all_tasks()` finds"
        ).with_traceback(traceback)

    def _strike(self) -> None:
        if self.interrupted or self.over or not self.in_tool or self.task is None:
            return
        if self.shields:
            self._held_back = True
            return
        self.interrupted = True
        self.task.cancel()
