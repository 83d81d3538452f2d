"""The main thread: sync tools, one at a time, in the order of their arrival."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any

from snakepit_bridge._context import CURRENT
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.adapter_place import AdapterPlace, Report
from snakepit_bridge._runtime.chunks import Final
from snakepit_bridge._runtime.interrupts import Interrupts, MainRun
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.pump import pump
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.sessions import Record
from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools.spec import ToolSpec


class MainThread:
    """Runs what ``start`` and ``submit`` were given, on the thread that calls ``serve``.

    ``complete`` runs a coroutine on the event loop: adapters may have ``async`` hooks, and the tool waits for them.
    """

    def __init__(
        self,
        worker_id: str,
        interrupts: Interrupts,
        complete: Callable[[Awaitable[Any]], Future[Any]],
        after_call: Callable[[int], None],
        report: Report,
    ) -> None:
        self._worker_id = worker_id
        self._interrupts = interrupts
        self._complete = complete
        self._after_call = after_call
        self._report = report
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # Jobs begun: tells from outside whether this thread gets on.
        self.steps = 0

    def start(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Puts a call at the end of the queue. For any thread."""
        self._waiting.put(partial(self._run, call, spec, scope))

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
        while (job := self._waiting.get()) is not None:
            self.steps += 1
            job()
            # Nothing of a call may live on until the next one comes.
            del job

    def drain(self) -> None:
        """After ``serve``: runs what has been put behind its end."""
        while not self._waiting.empty():
            self.stop()
            self.serve()

    def invoke(
        self,
        run: MainRun | None,
        function: Callable[..., Any],
        *arguments: Any,
        given_up: Future[Any] | None = None,
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

    def prepare(self, scope: Scope) -> Future[Any]:
        """Prepares the place of a call that runs on the event loop. Cancelling the future leaves ``async`` hooks."""
        done: Future[Any] = Future()
        self._put(done, scope.prepare, partial(self.invoke, None, given_up=done))
        return done

    def release(self, scope: Scope) -> Future[Any]:
        """Cleans up after a call that ran on the event loop. For any thread."""
        return self.submit(scope.release, partial(self.invoke, None), self._report)

    def settle(self, place: AdapterPlace, record: Record) -> Future[Any]:
        """Tells the adapter that a session is over. For any thread."""
        return self.submit(place.settle, record, partial(self.invoke, None), self._report)

    def _put(self, done: Future[Any], function: Callable[..., Any], *arguments: Any) -> None:
        self._waiting.put(partial(_fulfil, done, partial(copy_context().run, function, *arguments)))

    def _run(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        run = MainRun(call, spec, self._worker_id, scope, self._interrupts)
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
            self._interrupts.armed = None
            CURRENT.reset(previous)
            run.finish()

    def _prepare(self, run: MainRun) -> Callable[..., Any]:
        """The function to call, once all that has to happen before it has happened."""
        scope = run.scope
        if scope.plain:
            return run.spec.function
        if not scope.ready:
            scope.prepare(partial(self.invoke, run))
        if (take := scope.takes_context) is not None:
            self.invoke(run, take, run.context)
        return scope.function

    def _end(self, run: MainRun, end: Callable[..., None], *arguments: Any) -> None:
        if run.scope.makes_instance:
            run.scope.release(partial(self.invoke, None), self._report)
        # A line without its newline still belongs to this call.
        self._after_call(run.call.id)
        run.over = True
        end(*arguments)

    def _stream(self, run: MainRun, function: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Final | None:
        produced = self._call(run, function, args, keywords)
        if not hasattr(type(produced), "__iter__") or isinstance(produced, (str, bytes, bytearray, dict)):
            raise ToolDefinitionError(
                f"tool '{run.spec.name}' streams, but returned a `{type(produced).__qualname__}`: return an iterator, "
                "or `yield` in the tool itself"
            )
        iterator: Iterator[Any] = self._call(run, iter, (produced,), {})
        try:
            return pump(self._interrupts, run, iterator)
        finally:
            self._close(iterator)

    def _close(self, iterator: Any) -> None:
        """Runs the generator's ``finally``. Nothing interrupts it: that is what it is for."""
        close = getattr(iterator, "close", None)
        if callable(close):
            self._interrupts.armed = None
            close()

    @boundary
    def _call(self, run: MainRun | None, function: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
        try:
            self._interrupts.armed = run
            return function(*args, **keywords)
        finally:
            self._interrupts.armed = None


def _end_stream(run: MainRun, final: Final) -> None:
    if run.cancelled:
        run.end_cancelled()
    else:
        run.call.succeed(final.value, marked=final.marked, metadata=final.metadata)


def _fulfil(done: Future[Any], function: Callable[[], Any]) -> None:
    # The future stays pending meanwhile, so that it can be cancelled to the very end.
    if done.cancelled():
        return
    settle: Callable[[], None]
    try:
        settle = partial(done.set_result, function())
    except BaseException as error:
        settle = partial(done.set_exception, error)
    with suppress(InvalidStateError):
        settle()
