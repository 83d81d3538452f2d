"""The event loop: async tools, side by side, in a thread of their own."""

from __future__ import annotations

import asyncio
import inspect
import threading
from asyncio.events import Handle
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context as Variables
from contextvars import copy_context
from functools import partial
from types import CoroutineType
from typing import Any

from snakepit_bridge._codec.split import encode_split
from snakepit_bridge._codec.values import encode
from snakepit_bridge._context import CURRENT
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._peer.strand import Marked
from snakepit_bridge._runtime import children
from snakepit_bridge._runtime.aside import Aside
from snakepit_bridge._runtime.chunks import BadChunk, Final, is_final, unwrap
from snakepit_bridge._runtime.ending import as_main_thread
from snakepit_bridge._runtime.handover import HandOver, SyncSide
from snakepit_bridge._runtime.loop_run import LoopRun
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.results import Form, form_of, refuse_stream, refuse_value
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.steps import in_steps
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge._runtime.worker_loop import WorkerLoop
from snakepit_bridge.errors import SnakepitError
from snakepit_bridge.tools.spec import ToolSpec

# Turns of the loop until everybody who waits for a task has seen how it ended, through an `asyncio.wait` too.
_TURNS = 3


class EventLoop:
    """Runs what ``start`` was given, each call as a task. ``broken`` is told when there is no loop any more."""

    def __init__(self, worker_id: str, aside: Aside, broken: Callable[[BaseException], object]) -> None:
        self._worker_id = worker_id
        self._aside = aside
        self._broken = broken
        self._main: MainThread
        self._sync: SyncSide
        self._runs: dict[int, LoopRun] = {}
        # Tasks begun: tells from outside whether this thread gets on.
        self.steps = 0
        self._loop = WorkerLoop()
        self._interrupts = ThreadInterrupts("asyncio", "selectors")
        self._thread = threading.Thread(target=self._serve, name="snakepit-loop", daemon=True)
        self._thread.start()
        children.tell(self)

    def connect(self, main: MainThread, sync: SyncSide) -> None:
        """Names the threads beside it: for what adapters do around a call, and for what is not for a loop."""
        self._main = main
        self._sync = sync

    def start(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Begins a call. What its adapter has to do before and after it is done on the main thread. For any thread."""
        self._loop.call_soon_threadsafe(self._begin, call, spec, scope)

    def take_over(self, job: HandOver) -> None:
        """Goes on with a call whose result has to be awaited or iterated here. For any thread."""
        self._loop.call_soon_threadsafe(self._go_on, job)

    def complete(self, work: Awaitable[Any]) -> Future[tuple[Any, Variables]]:
        """Runs something awaitable to its end: its result, and the context variables that it left. For any thread."""
        return asyncio.run_coroutine_threadsafe(_completed(work), self._loop)

    def stop(self) -> None:
        """Ends the thread, as soon as the loop has had a turn."""
        self._loop.end()

    def forked(self) -> None:
        """This is a child."""
        if threading.current_thread() is self._thread:
            # The child of an async tool: it ends with this step, and everybody else's are the worker's.
            ready: Any = getattr(self._loop, "_ready", None)
            if ready is not None:
                ready.appendleft(asyncio.Handle(children.end, (None,), self._loop))

    def _serve(self) -> None:
        as_main_thread()
        asyncio.set_event_loop(self._loop)
        self._interrupts.bind()
        error = self._loop.serve(self._stray)
        if error is None:
            self._loop.close()
        else:
            self._broken(error)

    def _begin(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        self.steps += 1
        run = LoopRun(call, spec, self._worker_id, scope, self._loop, self._interrupts)
        call.on_cancel = run.interrupt
        if run.may_begin():
            self._launch(run, scope.variables(), self._call)
        else:
            run.over = True

    def _go_on(self, job: HandOver) -> None:
        self.steps += 1
        run = LoopRun(job.call, job.spec, self._worker_id, job.scope, self._loop, self._interrupts, job.context)
        job.call.on_cancel = run.interrupt
        self._launch(run, job.variables, lambda _: _ready(job.result))

    def _launch(self, run: LoopRun, variables: Variables, begin: Callable[[LoopRun], Awaitable[Any]]) -> None:
        # Made by hand: a task factory is the tools' business. The task takes a copy of the context it is made in.
        task = run.task = variables.run(partial(asyncio.Task, self._run(run, begin), loop=self._loop))
        # Whoever cancels all tasks, or waits for all, means those of a program: its own.
        asyncio._unregister_task(task)
        self._runs[run.call.id] = run
        task.add_done_callback(partial(self._done, run), context=variables)

    def _done(self, run: LoopRun, task: asyncio.Task[None]) -> None:
        self._runs.pop(run.call.id, None)
        if task.cancelled():
            # Before its first step.
            self._fail(run, asyncio.CancelledError())
        elif (error := task.exception()) is not None and not run.call.ended:
            run.over = True
            run.call.fail_with(error)

    async def _run(self, run: LoopRun, begin: Callable[[LoopRun], Awaitable[Any]]) -> None:
        CURRENT.set(run.context)
        call = run.call
        try:
            run.in_tool = True
            if call.cancel_reason is not None:
                run.interrupt()  # one that came before there was a tool to interrupt
            outcome = await self._outcome(run, await begin(run))
            if run.fallen is not None:
                raise run.fallen
        except BaseException as error:
            self._fail(run, error)
            return
        if isinstance(outcome, HandOver):
            run.in_tool = False
            self._runs.pop(call.id, None)
            run.over = True
            self._sync.take_over(outcome)
            return
        self._leave(run)
        if not call.stream:
            run.end_with_value(outcome)
        elif outcome is None or run.cancelled:
            run.end_cancelled()
        else:
            call.succeed(outcome.value, marked=outcome.marked, metadata=outcome.metadata)

    async def _call(self, run: LoopRun) -> Any:
        args, keywords = run.spec.binder.bind(run.call.arguments, run.context)
        function = await self._prepare(run)
        run.call.begin()
        return function(*args, **keywords)

    async def _prepare(self, run: LoopRun) -> Callable[..., Any]:
        """The function to call, once all that has to happen before it has happened."""
        scope = run.scope
        if scope.plain:
            return run.spec.function
        if not scope.ready:
            await asyncio.wrap_future(self._main.prepare(scope))
        scope.adopt_variables()
        if (take := scope.takes_context) is not None:
            taken = take(run.context)
            if inspect.isawaitable(taken):
                await taken
        return scope.function

    async def _outcome(self, run: LoopRun, result: Any) -> Any:
        """What the call ends with: a value, how its stream ended (None where it was cancelled), or where it goes on."""
        while (form := form_of(result, on_loop=True)) is Form.AWAITABLE:
            result = await in_steps(self._interrupts, run, _coroutine(result))
        if form is Form.VALUE:
            if run.call.stream:
                raise refuse_value(run.spec, result, "an async iterator")
            return result
        if not run.call.stream:
            run.in_tool = False
            await _close(result)
            raise refuse_stream(run.spec, result)
        if form is Form.ITERATOR:
            return HandOver(run.call, run.spec, run.scope, run.context, copy_context(), result)
        iterator = result.__aiter__()
        try:
            return await in_steps(self._interrupts, run, _pump(run, iterator))
        finally:
            # The generator's own `finally` is left to run: nothing is armed here.
            run.in_tool = False
            await _close(iterator)

    def _fail(self, run: LoopRun, error: BaseException) -> None:
        self._aside.left(run, error)
        self._leave(run)
        run.end_with_exception(error)

    def _leave(self, run: LoopRun) -> None:
        run.in_tool = False
        if run.scope.makes_instance:
            self._main.release(run.scope)
        self._aside.after_call(run.call.id)
        run.over = True

    def _stray(self, error: BaseException, handle: Handle | None) -> None:
        """Something came out of the loop that would end a program. It ends the call in whose context it was raised."""
        variables: Variables | None = getattr(handle, "_context", None)
        context = variables.get(CURRENT) if variables is not None else None
        run = self._runs.get(context.call_id) if context is not None else None
        if run is None or run.context is not context or run.over:
            self._aside.report("something on the event loop that belongs to no running call", error)
            return
        owner = getattr(getattr(handle, "_callback", None), "__self__", None)
        task = owner if isinstance(owner, asyncio.Task) else None
        self._loop.call_soon(self._look_at, run, error, task, _TURNS)

    def _look_at(self, run: LoopRun, error: BaseException, task: asyncio.Task[Any] | None, turns: int) -> None:
        if run.over or (task is not None and not getattr(task, "_log_traceback", True)):
            return  # who waited for the task has it
        if turns:
            self._loop.call_soon(self._look_at, run, error, task, turns - 1)
            return
        if task is not None:
            task.exception()
        run.fall(error)


async def _completed(work: Awaitable[Any]) -> tuple[Any, Variables]:
    return await work, copy_context()


async def _ready(result: Any) -> Any:
    return result


async def _await(work: Awaitable[Any]) -> Any:
    return await work


def _coroutine(work: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
    return work if isinstance(work, CoroutineType) else _await(work)


async def _close(iterator: Any) -> None:
    if callable(close := getattr(iterator, "aclose", None)):
        await close()
    elif callable(close := getattr(iterator, "close", None)):
        close()


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
        if run.over:
            children.end(None)  # a forked child: nobody takes its chunks
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
    try:
        while not credit.allows(sent, sent_bytes):
            more: asyncio.Future[None] = loop.create_future()
            credit.notify = partial(_call_soon, loop, _settle, more)
            credit.waiting = True
            if not credit.allows(sent, sent_bytes):
                await more
    finally:
        credit.waiting = False
    if run.fallen is not None:
        raise run.fallen


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: Any) -> None:
    loop.call_soon_threadsafe(callback, *arguments)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
