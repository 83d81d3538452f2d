"""A thread that runs sync tools, one at a time: what main thread and tool threads have in common."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from snakepit_bridge._context import CURRENT, Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.aside import Aside
from snakepit_bridge._runtime.chunks import Final
from snakepit_bridge._runtime.handover import HandOver, LoopSide
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.pump import pump
from snakepit_bridge._runtime.results import Form, form_of, refuse_stream, refuse_value
from snakepit_bridge._runtime.run import Interrupter, Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.variables import adopt
from snakepit_bridge.tools.spec import ToolSpec

R = TypeVar("R", bound=Run)


class SyncThread(ABC, Generic[R]):
    """Runs one call after the other on the thread that calls ``run``. ``interrupts`` cancels the one that runs."""

    def __init__(self, worker_id: str, interrupts: Interrupter, loop: LoopSide, aside: Aside) -> None:
        self._worker_id = worker_id
        self._interrupts = interrupts
        self._loop = loop
        self._aside = aside
        # Reads the wire until something is so, where this thread does that.
        self._read_until: Callable[[Callable[[], bool]], None] | None = None

    @abstractmethod
    def _new_run(self, call: ServedCall, spec: ToolSpec, scope: Scope, context: Context | None) -> R:
        """A call of this thread."""

    @abstractmethod
    def _enter(self, run: R) -> None:
        """Prepares the place of a call, which is not ready yet."""

    @abstractmethod
    def _clear(self, run: R) -> None:
        """Cleans up after a call that had an instance of its own."""

    def run(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Runs a call to its end, whatever that is; raises nothing."""
        run = self._new_run(call, spec, scope, None)
        # Before the claim: a cancel from here on reaches the run, an earlier one is seen when it wants to begin.
        call.on_cancel = run.interrupt
        if run.may_begin():
            # One context for all of it, from the first line to the last `finally`, and nothing of it is left.
            scope.variables().run(self._run, run, self._begin)

    def go_on(self, job: HandOver) -> None:
        """Runs the rest of a call, an iterator, to its end; raises nothing."""
        run = self._new_run(job.call, job.spec, job.scope, job.context)
        job.call.on_cancel = run.interrupt
        if run.cancelled:
            run.interrupt()
        job.variables.run(self._run, run, lambda _: job.result)

    def invoke(
        self, run: R | None, function: Callable[..., Any], *arguments: Any, given_up: Future[Any] | None = None
    ) -> Any:
        """Calls a function of the adapter's, and waits where it is ``async``.

        A cancel of ``run`` interrupts both; where the caller is no run of this thread, it leaves the waiting by
        ending ``given_up``.
        """
        result = self._call(run, function, arguments, {})
        if not inspect.isawaitable(result):
            return result
        future = self._loop.complete(result)
        if given_up is not None:
            given_up.add_done_callback(lambda _: future.cancel())
        try:
            value, variables = self._call(run, future.result, (), {})
        finally:
            future.cancel()
        adopt(variables)
        return value

    def _run(self, run: R, begin: Callable[[R], Any]) -> None:
        CURRENT.set(run.context)
        job: HandOver | None = None
        try:
            outcome = self._outcome(run, begin(run))
        except BaseException as error:  # SystemExit and the like too: the worker lives on
            self._interrupts.leave()
            self._aside.left(run, error)
            self._end(run, run.end_with_exception, error)
        else:
            if isinstance(outcome, HandOver):
                job = outcome
            elif isinstance(outcome, Final) and run.call.stream:
                self._end(run, _end_stream, run, outcome)
            elif run.call.stream:
                self._end(run, run.end_cancelled)
            else:
                self._end(run, run.end_with_value, outcome)
        finally:
            self._interrupts.leave()
            run.finish()
        if job is not None:
            self._loop.take_over(job)

    def _begin(self, run: R) -> Any:
        args, keywords = run.spec.binder.bind(run.call.arguments, run.context)
        function = self._prepare(run)
        run.call.begin()
        return self._call(run, function, args, keywords)

    def _prepare(self, run: R) -> Callable[..., Any]:
        """The function to call, once all that has to happen before it has happened."""
        scope = run.scope
        if scope.plain:
            return run.spec.function
        if not scope.ready:
            self._enter(run)
        scope.adopt_variables()
        if (take := scope.takes_context) is not None:
            self.invoke(run, take, run.context)
        return scope.function

    def _outcome(self, run: R, result: Any) -> Any:
        """What the call ends with: a value, how its stream ended (None where it was cancelled), or where it goes on."""
        form = form_of(result, on_loop=False)
        if form is Form.AWAITABLE or form is Form.ASYNC_ITERATOR:
            return HandOver(run.call, run.spec, run.scope, run.context, copy_context(), result)
        if run.call.stream:
            return self._stream(run, result, form)
        if form is Form.ITERATOR:
            self._close(result)
            raise refuse_stream(run.spec, result)
        return result

    def _stream(self, run: R, result: Any, form: Form) -> Final | None:
        iterable = hasattr(type(result), "__iter__") and not isinstance(result, (str, bytes, bytearray, dict))
        if form is not Form.ITERATOR and not (run.spec.streams and iterable):
            raise refuse_value(run.spec, result, "an iterator")
        iterator: Iterator[Any] = self._call(run, iter, (result,), {})
        try:
            return pump(self._interrupts, run, iterator, self._read_until)
        finally:
            self._close(iterator)

    def _close(self, iterator: Any) -> None:
        """Runs the generator's ``finally``. Nothing interrupts it: that is what it is for."""
        close = getattr(iterator, "close", None)
        if callable(close):
            self._interrupts.leave()
            close()

    def _end(self, run: R, end: Callable[..., None], *arguments: Any) -> None:
        self._interrupts.leave()
        if run.scope.makes_instance:
            self._clear(run)
        # A line without its newline still belongs to this call.
        self._aside.after_call(run.call.id)
        run.over = True
        end(*arguments)

    @boundary
    def _call(self, run: R | None, function: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        try:
            self._interrupts.armed = run
            return function(*args, **keywords)
        finally:
            self._interrupts.leave()


def _end_stream(run: Run, final: Final) -> None:
    if run.cancelled:
        run.end_cancelled()
    else:
        run.call.succeed(final.value, marked=final.marked, metadata=final.metadata)
