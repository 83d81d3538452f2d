"""The event loop: async tools, side by side, in a thread of their own."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from types import CoroutineType
from typing import Any

from snakepit_bridge._codec.split import encode_split
from snakepit_bridge._codec.values import encode
from snakepit_bridge._context import CURRENT
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._peer.strand import Marked
from snakepit_bridge._runtime.chunks import BadChunk, Final, is_final, unwrap
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.run import Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.steps import in_steps
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge.errors import SnakepitError, ToolDefinitionError
from snakepit_bridge.tools.spec import ToolSpec


class LoopRun(Run):
    """A call on the event loop. Everything but ``interrupt`` happens on the loop's thread."""

    __slots__ = ("_held_back", "_interrupts", "_loop", "in_tool", "task")

    def __init__(
        self,
        call: ServedCall,
        spec: ToolSpec,
        worker_id: str,
        scope: Scope,
        loop: asyncio.AbstractEventLoop,
        interrupts: ThreadInterrupts,
    ) -> None:
        super().__init__(call, spec, worker_id, scope)
        self._loop = loop
        self._interrupts = interrupts
        self.task: asyncio.Task[None] | None = None
        # True while the tool's own code is awaited; elsewhere the runtime sees the cancel by itself.
        self.in_tool = False
        self._held_back = False

    def interrupt(self) -> None:
        """Asks for the task's cancellation, and for an interrupt where that gets no turn; any thread may."""
        self._loop.call_soon_threadsafe(self._strike)
        self._interrupts.request(self)

    def enter_shield(self) -> None:
        """Holds interrupts back, also one that is on its way."""
        super().enter_shield()
        if self._interrupts.pending:
            self._interrupts.settle()

    def leave_shield(self, *, raising: bool) -> None:
        """Lets interrupts through again: one that was held back comes at the next ``await``."""
        super().leave_shield(raising=raising)
        if self.shields == 0 and self._held_back:
            self._held_back = False
            self._loop.call_soon_threadsafe(self._strike)

    def _strike(self) -> None:
        if self.interrupted or self.over or not self.in_tool or self.task is None:
            return
        if self.shields:
            self._held_back = True
            return
        self.interrupted = True
        self.task.cancel()


class EventLoop:
    """Runs what ``start`` was given, each call as a task."""

    def __init__(self, worker_id: str, after_call: Callable[[int], None]) -> None:
        self._worker_id = worker_id
        self._after_call = after_call
        self._tasks: set[asyncio.Task[None]] = set()
        # Tasks begun: tells from outside whether this thread gets on.
        self.steps = 0
        self._loop = asyncio.new_event_loop()
        self._interrupts = ThreadInterrupts("asyncio", "selectors")
        threading.Thread(target=self._serve, name="snakepit-loop", daemon=True).start()

    def start(self, call: ServedCall, spec: ToolSpec, scope: Scope, main: MainThread) -> None:
        """Begins a call. What its adapter has to do before and after it is done on ``main``. For any thread."""
        self._loop.call_soon_threadsafe(self._begin, call, spec, scope, main)

    def complete(self, work: Awaitable[Any]) -> Future[Any]:
        """Runs something awaitable to its end. For other threads than the loop's."""
        return asyncio.run_coroutine_threadsafe(_await(work), self._loop)

    def stop(self) -> None:
        """Ends the thread, as soon as the loop has had a turn."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._interrupts.bind()
        self._loop.run_forever()
        self._loop.close()

    def _begin(self, call: ServedCall, spec: ToolSpec, scope: Scope, main: MainThread) -> None:
        self.steps += 1
        run = LoopRun(call, spec, self._worker_id, scope, self._loop, self._interrupts)
        call.on_cancel = run.interrupt
        if not run.may_begin():
            run.over = True
            return
        run.task = self._loop.create_task(self._run(run, main))
        self._tasks.add(run.task)
        run.task.add_done_callback(self._tasks.discard)

    async def _run(self, run: LoopRun, main: MainThread) -> None:
        CURRENT.set(run.context)
        call = run.call
        try:
            args, keywords = run.spec.binder.bind(call.arguments, run.context)
            run.in_tool = True
            if call.cancel_reason is not None:
                run.interrupt()  # one that came before there was a tool to interrupt
            function = await _prepare(run, main)
            call.begin()
            outcome = await (
                self._stream(run, function, args, keywords)
                if call.stream
                else in_steps(self._interrupts, run, _coroutine(function(*args, **keywords)))
            )
        except BaseException as error:
            self._leave(run, main)
            run.end_with_exception(error)
            return
        self._leave(run, main)
        if not call.stream:
            run.end_with_value(outcome)
        elif outcome is None or run.cancelled:
            run.end_cancelled()
        else:
            call.succeed(outcome.value, marked=outcome.marked, metadata=outcome.metadata)

    async def _stream(
        self, run: LoopRun, function: Callable[..., Any], args: Any, keywords: dict[str, Any]
    ) -> Final | None:
        produced = function(*args, **keywords)
        if asyncio.iscoroutine(produced):
            produced = await in_steps(self._interrupts, run, _coroutine(produced))
        if not hasattr(type(produced), "__aiter__"):
            raise ToolDefinitionError(
                f"tool '{run.spec.name}' streams, but returned a `{type(produced).__qualname__}`: "
                "return an async iterator, or `yield` in the tool itself"
            )
        iterator = produced.__aiter__()
        try:
            return await in_steps(self._interrupts, run, _pump(run, iterator))
        finally:
            # The generator's own `finally` is left to run: nothing is armed here.
            run.in_tool = False
            close = getattr(iterator, "aclose", None)
            if callable(close):
                await close()

    def _leave(self, run: LoopRun, main: MainThread) -> None:
        run.in_tool = False
        if run.scope.makes_instance:
            main.release(run.scope)
        self._after_call(run.call.id)
        run.over = True


async def _await(work: Awaitable[Any]) -> Any:
    return await work


def _coroutine(work: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
    return work if isinstance(work, CoroutineType) else _await(work)


async def _prepare(run: LoopRun, main: MainThread) -> Callable[..., Any]:
    """The function to call, once all that has to happen before it has happened."""
    scope = run.scope
    if scope.plain:
        return run.spec.function
    if not scope.ready:
        await asyncio.wrap_future(main.prepare(scope))
    if (take := scope.takes_context) is not None:
        taken = take(run.context)
        if inspect.isawaitable(taken):
            await taken
    return scope.function


@boundary
async def _pump(run: LoopRun, iterator: AsyncIterator[Any]) -> Final | None:
    """The loop that every chunk of an async stream goes through; see ``pump``."""
    credit, strand, step = run.call.credit, run.call.strand, iterator.__anext__
    sent = sent_bytes = 0
    while True:
        if sent >= credit.items or sent_bytes >= credit.bytes:
            run.in_tool = False
            # What was sent is of no use any more, and may be large.
            item = content = data = None
            await _wait(run, sent, sent_bytes)
            if credit.revoked:
                return None
            run.in_tool = True
        try:
            item = await step()
        except StopAsyncIteration:
            return Final(encode(None))
        try:
            content, metadata = unwrap(item)
            data = encode_split(content)
        except SnakepitError as error:
            raise BadChunk(sent, error) from None
        if is_final(item):
            return Final(data, marked=True, metadata=metadata)
        strand.add(Marked(data, metadata) if metadata else data)
        sent += 1
        sent_bytes += len(data)


async def _wait(run: LoopRun, sent: int, sent_bytes: int) -> None:
    credit, loop = run.call.credit, asyncio.get_running_loop()
    while not credit.allows(sent, sent_bytes):
        more: asyncio.Future[None] = loop.create_future()
        credit.notify = partial(_call_soon, loop, _settle, more)
        credit.waiting = True
        if not credit.allows(sent, sent_bytes):
            await more
    credit.waiting = False


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: Any) -> None:
    loop.call_soon_threadsafe(callback, *arguments)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
