"""Tests for tools without a host: the real checks, encoding, windows and runtime, in the test's own process.

::

    from snakepit_bridge.testing import ToolTester

    with ToolTester(Embedder) as tester:
        assert tester.call("add", a=1, b=2) == 3
        assert list(tester.stream("train", epochs=3)) == [...]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread
from types import ModuleType
from typing import Any

from snakepit_bridge._codec.values import decode
from snakepit_bridge._peer import outgoing
from snakepit_bridge._peer.credit import Window
from snakepit_bridge._peer.outgoing import OutgoingCall, Stream
from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.frames import PROGRESS, Frame
from snakepit_bridge._runtime.adapter_place import AdapterPlace
from snakepit_bridge._runtime.aside import Aside
from snakepit_bridge._runtime.dispatcher import Dispatcher
from snakepit_bridge._runtime.event_loop import EventLoop
from snakepit_bridge._runtime.interrupts import Interrupts
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge._runtime.sessions import SessionTable
from snakepit_bridge._runtime.tool_threads import ToolThreads
from snakepit_bridge._wire.frames_msgpack import MsgpackFrames
from snakepit_bridge._wire.memory import MemoryWire
from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.errors import RemoteError
from snakepit_bridge.session import Session
from snakepit_bridge.tools.adapter import Source, source_of, tools_of
from snakepit_bridge.tools.thread_safety import check_thread_safety

__all__ = ["PendingCall", "RemoteError", "SessionTester", "ToolTester"]

_WORKER = "test-0"

# A generator gets at most one item ahead of the test: what it has done when is not left to chance.
_WINDOW = Window(items=1)

_LEAVE_S = 5.0


class PendingCall:
    """A call that was begun and not waited for."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._call: OutgoingCall

    def cancel(self) -> None:
        """Asks the tool to leave, as an aborted signal does."""
        self._call.cancel()

    def result(self, timeout: float | None = None) -> Any:
        """Waits (s) for the value. Raises ``RemoteError``, ``CallCancelled``, or ``queue.Empty`` when time is up."""
        return outgoing.value_of(self._inbox.get(timeout=timeout))


class _Caller:
    """Calls tools, in a session or in none."""

    def __init__(self, host: Peer, session: Session | None) -> None:
        self._host = host
        self._session = session

    def call(self, tool: str, /, **arguments: Any) -> Any:
        """The value of a tool. Raises ``RemoteError`` with the library's ``code`` and Python's ``traceback``."""
        return self.begin(tool, **arguments).result()

    def begin(self, tool: str, /, **arguments: Any) -> PendingCall:
        """Begins a call without waiting for its value."""
        pending = PendingCall()
        pending._call = self._host.start(tool, arguments, pending._inbox.put, None, session=self._session)
        return pending

    def stream(self, tool: str, /, **arguments: Any) -> Stream:
        """The data of a tool's chunks. ``close()`` cancels; afterwards ``value`` holds the final chunk's data."""
        return self._host.stream(tool, arguments, window=_WINDOW, session=self._session)


class SessionTester(_Caller):
    """Calls tools within one session."""

    def __init__(self, host: Peer, session: Session) -> None:
        super().__init__(host, session)
        self.id = session.id


class ToolTester(_Caller):
    """Serves an adapter class, or a module of tools, to the test that holds it. Use it in a ``with``.

    Sync tools run one at a time on a thread that stands for the worker's main thread. One thing is different there: a
    cancel closes generators and async tools as ever, but no signal interrupts a sync tool in the middle of its code.
    With ``threads`` they run side by side on so many threads, as with the host's option of that name.

    ``progress`` collects what tools reported, oldest first.
    """

    def __init__(self, adapter: type[BaseAdapter] | ModuleType, *, threads: int = 0) -> None:
        source = Source(None, adapter) if isinstance(adapter, type) else source_of(adapter)
        self._place = AdapterPlace.of(source.adapter)
        tools = tools_of(source, self._place.instance)
        if threads:
            check_thread_safety(tools, source, threads)
        self.progress: list[Any] = []
        self.faults: list[str] = []
        """What was raised where no call was left to fail, as in a hook of the adapter: ``"cleanup: OSError()"``."""
        aside = Aside(_nothing, self._report)
        self._loop = EventLoop(_WORKER, aside, partial(self._report, "the event loop"))
        self._main = MainThread(_WORKER, Interrupts(), self._loop, aside)
        self._sessions = SessionTable(lambda record: self._main.settle(self._place, record))
        self._threads = ToolThreads(threads, _WORKER, self._main, self._loop, aside)
        sync = self._threads if threads else self._main
        dispatcher = Dispatcher(tools, self._place, self._sessions, self._main, self._loop, sync)
        self._worker = Peer(first_id=2, serve=dispatcher.serve)
        super().__init__(Peer(first_id=1, serve=_nothing, control=self._control), None)

    @contextmanager
    def session(self, id: str, metadata: Mapping[str, str] | None = None) -> Iterator[SessionTester]:  # noqa: A002
        """A session. When the block is left it has ended, and the adapter knows."""
        yield SessionTester(self._host, Session(id, dict(metadata or {})))
        self._sessions.end(id, "ended")
        self._main.submit(_nothing, None).result()

    def __enter__(self) -> ToolTester:
        self._thread = Thread(target=self._main.serve, name="tool-tester", daemon=True)
        self._thread.start()
        self._wire = MemoryWire(self._host, self._worker, MsgpackFrames())
        try:
            self._main.submit(self._place.start, partial(self._main.invoke, None)).result()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()
        self._worker.wait_idle(_LEAVE_S)
        self._sessions.end_all("worker_stopping")
        try:
            self._main.submit(self._place.stop, partial(self._main.invoke, None)).result()
        finally:
            self._stop()

    def _stop(self) -> None:
        self._wire.close()
        self._main.stop()
        self._threads.stop()
        self._thread.join(_LEAVE_S)
        self._loop.stop()

    def _control(self, frame: Frame) -> None:
        if frame[0] == PROGRESS:
            self.progress.append(decode(frame[2]))

    def _report(self, step: str, error: BaseException) -> None:
        self.faults.append(f"{step}: {error!r}")


def _nothing(_: object) -> None:
    return None
