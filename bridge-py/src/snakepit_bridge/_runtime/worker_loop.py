"""The loop that all async tools of a worker share: what one of them does to it does not end it for the others."""

from __future__ import annotations

import asyncio
from asyncio.events import Handle
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from contextvars import Context, copy_context
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

# Gets what came out of a callback or a task, and the handle that it was run by, where that is known.
Stray = Callable[[BaseException, "Handle | None"], object]

# What comes out of the loop's own machinery so often in a row, without one turn in between, comes for ever.
_PATIENCE = 3

_RUN: CodeType = Handle._run.__code__


class WorkerLoop(asyncio.SelectorEventLoop):
    """Goes on until ``end``, whatever its callbacks raise and whoever stops it.

    asyncio lets ``SystemExit`` and ``KeyboardInterrupt`` out of ``run_forever``, since they are to end a program; what
    was ready to run is still ready then. Here a program is one call.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ended = False
        self._turns = 0
        # Generators that nobody finished belong to no call: the one during which they are collected is any.
        self._nobody = copy_context()
        # Children are waited for in threads, before Python 3.12, that know of no context.
        self._starters: WeakKeyDictionary[Any, Context] = WeakKeyDictionary()

    def serve(self, stray: Stray) -> BaseException | None:
        """Runs on the calling thread until ``end``. Returns what broke the loop, or None."""
        broken: BaseException | None = None
        failures = 0
        while not self._ended and broken is None:
            turns = self._turns
            try:
                self.call_soon(self._turn)
                self.run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                stray(error, _handle_of(error))
            except BaseException as error:
                failures = failures + 1 if turns == self._turns else 1
                broken = error if failures == _PATIENCE or self.is_closed() else None
        return broken

    def end(self) -> None:
        """Lets ``serve`` return as soon as the loop has had a turn. For any thread."""
        self._ended = True
        self.call_soon_threadsafe(self.stop)

    def close(self) -> None:
        """Closes the loop when it has ended; until then it is as closed to this as any loop that runs."""
        if not self._ended:
            raise RuntimeError("Cannot close a running event loop")
        super().close()

    async def shutdown_asyncgens(self) -> None:
        """Nothing: the generators of the other calls are among those that it would close."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Waits for the executor's threads. The next one who needs an executor gets a new one."""
        executor, self._default_executor = self._default_executor, None  # type: ignore[has-type]
        if executor is not None:
            await asyncio.wait_for(self.run_in_executor(None, executor.shutdown), timeout)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """As ever, but a default executor that somebody has shut down is replaced."""
        if executor is None and getattr(self._default_executor, "_shutdown", False):
            self._default_executor = None
        return super().run_in_executor(executor, func, *args)

    async def _make_subprocess_transport(self, protocol: Any, *args: Any, **options: Any) -> Any:
        with suppress(TypeError):
            self._starters[protocol] = copy_context()
        return await super()._make_subprocess_transport(protocol, *args, **options)  # type: ignore[misc]

    def _child_watcher_callback(self, pid: int, returncode: int, transport: Any) -> None:
        starter = self._starters.get(transport.get_protocol(), self._nobody).copy()
        starter.run(super()._child_watcher_callback, pid, returncode, transport)  # type: ignore[misc]

    def _asyncgen_finalizer_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        nobody: Context = self._nobody.copy()
        nobody.run(super()._asyncgen_finalizer_hook, agen)  # type: ignore[misc]  # the stubs leave it out

    def _turn(self) -> None:
        self._turns += 1


def _handle_of(error: BaseException) -> Handle | None:
    entry = error.__traceback__
    while entry is not None:
        if entry.tb_frame.f_code is _RUN:
            handle = entry.tb_frame.f_locals.get("self")
            return handle if isinstance(handle, Handle) else None
        entry = entry.tb_next
    return None
