"""Tool threads: sync tools side by side, where their author has declared them safe for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.aside import Aside
from snakepit_bridge._runtime.ending import as_main_thread
from snakepit_bridge._runtime.handover import HandOver, LoopSide
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge._runtime.run import Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.sync_thread import SyncThread
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge.errors import CallCancelled
from snakepit_bridge.tools.spec import ToolSpec

_Job = Callable[["ToolThread"], None]


class ThreadRun(Run):
    """A call on a tool thread."""

    __slots__ = ("_interrupts", "entering")

    def __init__(
        self,
        call: ServedCall,
        spec: ToolSpec,
        worker_id: str,
        scope: Scope,
        interrupts: ThreadInterrupts,
        context: Context | None,
    ) -> None:
        super().__init__(call, spec, worker_id, scope, context)
        self._interrupts = interrupts
        # What the main thread does for this call before its tool can begin.
        self.entering: Future[Any] | None = None

    def interrupt(self) -> None:
        """Asks the tool to leave; any thread may."""
        if (entering := self.entering) is not None:
            entering.cancel()
        self._interrupts.request(self)

    def enter_shield(self) -> None:
        """Holds interrupts back, also one that is on its way."""
        super().enter_shield()
        if self._interrupts.pending:
            self._interrupts.take_back()

    def leave_shield(self, *, raising: bool) -> None:
        """Lets interrupts through again, and raises the one that was held back."""
        held_back = raising and self.shields == 1 and self.cancelled and not self.interrupted
        if held_back:
            # Said within the shield, so that nobody throws a second one.
            self.interrupted = True
        super().leave_shield(raising=raising)
        if held_back:
            raise CallCancelled("the call was cancelled")


class ToolThread(SyncThread[ThreadRun]):
    """One of several threads that take calls from one queue. Sessions and instances are the main thread's business."""

    def __init__(self, worker_id: str, main: MainThread, loop: LoopSide, aside: Aside) -> None:
        # Their lines between taking a lock and the `try` that gives it back would keep it from everybody.
        self._thrower = ThreadInterrupts("threading", "queue")
        super().__init__(worker_id, self._thrower, loop, aside)
        self._main = main
        # Calls begun: tells from outside whether this thread gets on.
        self.steps = 0

    def serve(self, waiting: SimpleQueue[_Job | None]) -> None:
        """Runs calls until there is None."""
        as_main_thread()
        self._thrower.bind()
        while (job := waiting.get()) is not None:
            self.steps += 1
            job(self)
            # Nothing of a call may live on until the next one comes.
            del job

    def _new_run(self, call: ServedCall, spec: ToolSpec, scope: Scope, context: Context | None) -> ThreadRun:
        return ThreadRun(call, spec, self._worker_id, scope, self._thrower, context)

    def _enter(self, run: ThreadRun) -> None:
        run.entering = entering = self._main.prepare(run.scope)
        if run.cancelled:
            entering.cancel()
        entering.result()
        run.entering = None

    def _clear(self, run: ThreadRun) -> None:
        self._main.release(run.scope)


class ToolThreads:
    """Runs what ``start`` was given on ``count`` threads, in the order of its arrival."""

    def __init__(self, count: int, worker_id: str, main: MainThread, loop: LoopSide, aside: Aside) -> None:
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [ToolThread(worker_id, main, loop, aside) for _ in range(count)]
        for number, thread in enumerate(self._threads):
            name = f"snakepit-tools-{number}"
            threading.Thread(target=thread.serve, args=(self._waiting,), name=name, daemon=True).start()

    def start(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Puts a call at the end of the queue. For any thread."""
        self._waiting.put(lambda thread: thread.run(call, spec, scope))

    def take_over(self, job: HandOver) -> None:
        """Puts the rest of a call at the end of the queue. For any thread."""
        self._waiting.put(lambda thread: thread.go_on(job))

    def stop(self) -> None:
        """Ends the threads once what is in the queue has ended."""
        for _ in self._threads:
            self._waiting.put(None)

    @property
    def steps(self) -> int:
        """Calls begun: tells from outside whether the threads get on."""
        return sum(thread.steps for thread in self._threads)
