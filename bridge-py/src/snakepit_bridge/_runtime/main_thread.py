"""The main thread: sync tools, one at a time, in the order of their arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

from snakepit_bridge._context import CURRENT
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.chunks import Final
from snakepit_bridge._runtime.interrupts import Interrupts, MainRun, boundary
from snakepit_bridge._runtime.pump import pump
from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.tools.spec import ToolSpec


class MainThread:
    """Runs what ``start`` was given, on the thread that calls ``serve``."""

    def __init__(self, worker_id: str, interrupts: Interrupts, after_call: Callable[[int], None]) -> None:
        self._worker_id = worker_id
        self._interrupts = interrupts
        self._after_call = after_call
        self._waiting: SimpleQueue[tuple[ServedCall, ToolSpec] | None] = SimpleQueue()

    def start(self, call: ServedCall, spec: ToolSpec) -> None:
        """Puts a call at the end of the queue. For any thread."""
        self._waiting.put((call, spec))

    def stop(self) -> None:
        """Lets ``serve`` return once what is before it in the queue has ended."""
        self._waiting.put(None)

    def serve(self) -> None:
        """Runs calls until ``stop``. The wait is a C call that signals interrupt."""
        while (next_up := self._waiting.get()) is not None:
            self._run(*next_up)
            # Nothing of a call may live on until the next one comes.
            del next_up

    def _run(self, call: ServedCall, spec: ToolSpec) -> None:
        run = MainRun(call, spec, self._worker_id, self._interrupts)
        # Before the claim: a cancel from here on reaches the run, an earlier one is seen when it wants to begin.
        call.on_cancel = run.interrupt
        if not run.may_begin():
            return
        previous = CURRENT.set(run.context)
        try:
            args, keywords = spec.binder.bind(call.arguments, run.context)
            call.begin()
            outcome = (
                self._stream(run, args, keywords) if call.stream else self._call(run, spec.function, args, keywords)
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

    def _end(self, run: MainRun, end: Callable[..., None], *arguments: Any) -> None:
        # A line without its newline still belongs to this call.
        self._after_call(run.call.id)
        run.over = True
        end(*arguments)

    def _stream(self, run: MainRun, args: Any, keywords: dict[str, Any]) -> Final | None:
        produced = self._call(run, run.spec.function, args, keywords)
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
    def _call(self, run: MainRun, function: Callable[..., Any], args: Any, keywords: dict[str, Any]) -> Any:
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
