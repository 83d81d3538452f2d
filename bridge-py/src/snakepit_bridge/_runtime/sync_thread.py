"""A thread that runs sync tools, one at a time: what main thread and tool threads have in common."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from snakepit_bridge._context import CURRENT
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.chunks import Final
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.pump import pump
from snakepit_bridge._runtime.run import Interrupter, Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools.spec import ToolSpec

R = TypeVar("R", bound=Run)

# Runs a coroutine on the event loop: adapters may have ``async`` hooks, and the tool waits for them.
Complete = Callable[[Awaitable[Any]], Future[Any]]

# Told the number of each call that its tool has been left.
AfterCall = Callable[[int], None]


class SyncThread(ABC, Generic[R]):
    """Runs one call after the other on the thread that calls ``run``. ``interrupts`` cancels the one that runs."""

    def __init__(self, worker_id: str, interrupts: Interrupter, complete: Complete, after_call: AfterCall) -> None:
        self._worker_id = worker_id
        self._interrupts = interrupts
        self._complete = complete
        self._after_call = after_call
        # Reads the wire until something is so, where this thread does that.
        self._read_until: Callable[[Callable[[], bool]], None] | None = None

    @abstractmethod
    def _new_run(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> R:
        """A call of this thread."""

    @abstractmethod
    def _enter(self, run: R) -> None:
        """Prepares the place of a call, which is not ready yet."""

    @abstractmethod
    def _clear(self, run: R) -> None:
        """Cleans up after a call that had an instance of its own."""

    def run(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Runs a call to its end, whatever that is; raises nothing."""
        run = self._new_run(call, spec, scope)
        # Before the claim: a cancel from here on reaches the run, an earlier one is seen when it wants to begin.
        call.on_cancel = run.interrupt
        if not run.may_begin():
            return
        previous = CURRENT.set(run.context)
        try:
            args, keywords = spec.binder.bind(call.arguments, run.context)
            function = self._prepare(run)
            call.begin()
            outcome = (
                self._stream(run, function, args, keywords)
                if call.stream
                else self._call(run, function, args, keywords)
            )
        except BaseException as error:  # SystemExit and the like too: the worker lives on
            self._end(run, run.end_with_exception, error)
        else:
            if isinstance(outcome, Final) and call.stream:
                self._end(run, _end_stream, run, outcome)
            elif call.stream:
                self._end(run, run.end_cancelled)
            else:
                self._end(run, run.end_with_value, outcome)
        finally:
            self._interrupts.leave()
            CURRENT.reset(previous)
            run.finish()

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
        future = self._complete(result)
        if given_up is not None:
            given_up.add_done_callback(lambda _: future.cancel())
        try:
            return self._call(run, future.result, (), {})
        finally:
            future.cancel()

    def _prepare(self, run: R) -> Callable[..., Any]:
        """The function to call, once all that has to happen before it has happened."""
        scope = run.scope
        if scope.plain:
            return run.spec.function
        if not scope.ready:
            self._enter(run)
        if (take := scope.takes_context) is not None:
            self.invoke(run, take, run.context)
        return scope.function

    def _end(self, run: R, end: Callable[..., None], *arguments: Any) -> None:
        self._interrupts.leave()
        if run.scope.makes_instance:
            self._clear(run)
        # A line without its newline still belongs to this call.
        self._after_call(run.call.id)
        run.over = True
        end(*arguments)

    def _stream(self, run: R, function: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Final | None:
        produced = self._call(run, function, args, keywords)
        if not hasattr(type(produced), "__iter__") or isinstance(produced, (str, bytes, bytearray, dict)):
            raise ToolDefinitionError(
                f"tool '{run.spec.name}' streams, but returned a `{type(produced).__qualname__}`: return an iterator, "
                "or `yield` in the tool itself"
            )
        iterator: Iterator[Any] = self._call(run, iter, (produced,), {})
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
