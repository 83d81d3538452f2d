"""The main thread: sync tools, one at a time, in the order of their arrival."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol

from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.adapter_place import AdapterPlace
from snakepit_bridge._runtime.aside import Aside
from snakepit_bridge._runtime.handover import HandOver, LoopSide
from snakepit_bridge._runtime.interrupts import Interrupts, MainRun
from snakepit_bridge._runtime.kept_signals import KeptSignals
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.sessions import Record
from snakepit_bridge._runtime.sync_thread import SyncThread
from snakepit_bridge.tools.spec import ToolSpec


class Jobs(Protocol):
    """What the main thread does next: a queue of functions, and of None for its end."""

    def put(self, job: Callable[[], None] | None, /) -> None:
        """Puts a job at the end. For any thread."""

    def get(self) -> Callable[[], None] | None:
        """The next job, as soon as there is one. For the main thread."""

    def empty(self) -> bool:
        """True when no job waits."""


class MainThread(SyncThread[MainRun]):
    """Runs what ``start`` and ``submit`` were given, on the thread that calls ``serve``."""

    def __init__(
        self, worker_id: str, interrupts: Interrupts, loop: LoopSide, aside: Aside, jobs: Jobs | None = None
    ) -> None:
        super().__init__(worker_id, interrupts, loop, aside)
        self._signals = interrupts
        self._waiting: Jobs = SimpleQueue() if jobs is None else jobs
        self._read_until = getattr(jobs, "read_until", None)
        # The call that began last, for as long as it may have to be ended from here.
        self._last: MainRun | None = None
        # Jobs begun: tells from outside whether this thread gets on.
        self.steps = 0

    def start(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Puts a call at the end of the queue. For any thread."""
        self._waiting.put(partial(self.run, call, spec, scope))

    def take_over(self, job: HandOver) -> None:
        """Puts the rest of a call at the end of the queue. For any thread."""
        self._waiting.put(partial(self.go_on, job))

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Puts a function at the end of the queue; it sees the context variables of its submitter. For any thread."""
        done: Future[Any] = Future()
        self._put(done, function, *arguments)
        return done

    def stop(self) -> None:
        """Lets ``serve`` return once what is before it in the queue has ended."""
        self._waiting.put(None)

    def serve(self) -> None:
        """Runs calls until ``stop``. The wait is a C call that signals interrupt."""
        kept = KeptSignals()
        while True:
            try:
                while (job := self._waiting.get()) is not None:
                    self.steps += 1
                    job()
                    # Nothing of a call may live on until the next one comes.
                    del job
                    self._last = None
                    kept.restore()
                    if self._waiting.empty():
                        kept.restore_wakeup()
                return
            except BaseException as error:
                # Of a signal handler that a tool has left behind: in a tool it would have been the tool's.
                self._interrupted(error)

    def _interrupted(self, error: BaseException) -> None:
        self._aside.report("a signal handler between two calls", error)
        run, self._last = self._last, None
        if run is not None and not run.call.ended:
            run.over = True
            run.end_with_exception(error)

    def drain(self) -> None:
        """After ``serve``: runs what has been put behind its end."""
        while not self._waiting.empty():
            self.stop()
            self.serve()

    def prepare(self, scope: Scope) -> Future[Any]:
        """Prepares the place of a call that runs on the event loop. Cancelling the future leaves ``async`` hooks."""
        done: Future[Any] = Future()
        self._put(done, scope.prepare, partial(self.invoke, None, given_up=done))
        return done

    def release(self, scope: Scope) -> Future[Any]:
        """Cleans up after a call that ran on the event loop. For any thread."""
        return self.submit(scope.release, partial(self.invoke, None), self._aside.report)

    def settle(self, place: AdapterPlace, record: Record) -> Future[Any]:
        """Tells the adapter that a session is over. For any thread."""
        return self.submit(place.settle, record, partial(self.invoke, None), self._aside.report)

    def _put(self, done: Future[Any], function: Callable[..., Any], *arguments: Any) -> None:
        self._waiting.put(partial(_fulfil, done, partial(copy_context().run, function, *arguments)))

    def _new_run(self, call: ServedCall, spec: ToolSpec, scope: Scope, context: Context | None) -> MainRun:
        self._last = run = MainRun(call, spec, self._worker_id, scope, self._signals, context)
        return run

    def _enter(self, run: MainRun) -> None:
        run.scope.prepare(partial(self.invoke, run))

    def _clear(self, run: MainRun) -> None:
        run.scope.release(partial(self.invoke, None), self._aside.report)


def _fulfil(done: Future[Any], function: Callable[[], Any]) -> None:
    # The future stays pending meanwhile, so that it can be cancelled to the very end.
    if done.cancelled():
        return
    settle: Callable[[], None]
    try:
        settle = partial(done.set_result, function())
    except StopIteration as error:
        # No future of asyncio takes one.
        settle = partial(done.set_exception, RuntimeError(f"raised StopIteration: {error}"))
    except BaseException as error:
        settle = partial(done.set_exception, error)
    with suppress(InvalidStateError):
        settle()
