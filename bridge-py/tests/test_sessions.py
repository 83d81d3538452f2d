"""Sessions in a worker: their state, what adapters hear of them, and who gets which instance."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from host import Host
from snakepit_bridge import BaseAdapter, CallCancelled, Context, Session, SessionContext, context, tool
from snakepit_bridge._protocol.messages import Frame
from snakepit_bridge.testing import RemoteError, ToolTester

SESSIONS = "sessions.py"


@pytest.mark.proves("SESSION-05", "SESSION-06", "PY-03")
def test_a_worker_hears_of_each_session_once(attach: Callable[..., Host]) -> None:
    host = attach(SESSIONS)
    assert [host.call("count", session="a"), host.call("count_async", session="a")] == [1, 2]
    assert host.call("count_async", session="b") == 1
    host.end_session("a")
    host.end_session("b", reason=2)
    host.end_session("nobody")
    assert host.call("heard") == ["start a True", "start b True", "end a ended {'n': 2}", "end b expired {'n': 1}"]
    assert host.call("count", session="a") == 1


@pytest.mark.proves("SESSION-05")
def test_a_session_ends_after_its_calls(attach: Callable[..., Host]) -> None:
    host = attach(SESSIONS)
    running = host.start("ones", session="a", window=(1, 1))
    host.next(running, "items")
    host.end_session("a")
    assert host.ticks()  # the worker knows by now
    waiting = host.start("heard")
    host.cancel(running)
    assert host.end(running).WhichOneof("outcome") == "cancelled"
    assert host.end(waiting).WhichOneof("outcome") == "ok"
    assert host.call("heard") == ["start a True", "end a ended {}"]


@pytest.mark.proves("SESSION-05", "CLEAN-02")
def test_a_worker_that_leaves_ends_its_sessions_first(attach: Callable[..., Host], tmp_path: Path) -> None:
    host = attach(SESSIONS)
    path = tmp_path / "heard"
    host.call("write_to", {"path": str(path)})
    host.call("count", session="a")
    frame = Frame()
    frame.shutdown.grace_ms = 1000
    host.send(frame)
    assert host.process.popen.wait(5) == 0
    assert path.read_text().splitlines() == ["start a True", "end a worker_stopping {'n': 1}", "cleanup"]


class Keeper(BaseAdapter):
    """Keeps things in the state of its sessions."""

    kept: ClassVar[list[Any]] = []
    contexts: ClassVar[list[Context]] = []

    def set_session_context(self, session_context: SessionContext) -> None:
        self.contexts.append(session_context)

    @tool
    def keep(self, session_context: Any) -> dict[str, str]:
        assert session_context is self.contexts[-1]
        thing = threading.Event()
        context.state["thing"] = thing
        self.kept.append(weakref.ref(thing))
        return {"id": context.session_id, **context.session_metadata}

    @tool
    def annotated(self, n: int, ctx: SessionContext) -> str:
        return ctx.session_id * n

    @tool
    async def state_of(self) -> list[str]:
        return list(context.state)


@pytest.mark.proves("SESSION-05", "SESSION-06", "PY-07")
def test_the_state_of_a_session_lives_as_long_as_it_does() -> None:
    with ToolTester(Keeper) as tester:
        with tester.session("s", {"user": "u"}) as session:
            assert session.call("keep") == {"id": "s", "user": "u"}
            assert session.call("state_of") == ["thing"]
            gc.collect()
            assert Keeper.kept[-1]() is not None
        Keeper.contexts.clear()
        gc.collect()
        assert Keeper.kept[-1]() is None


@pytest.mark.proves("SESSION-06", "PY-05", "PY-07")
def test_state_without_a_session_says_what_to_do() -> None:
    with ToolTester(Keeper) as tester:
        with pytest.raises(RemoteError, match="this call has none: call it within a session") as no:
            tester.call("state_of")
        assert no.value.code == "invalid_parameter"
        assert tester.call("annotated", n=2) == ""
        with tester.session("s") as session:
            assert session.call("annotated", n=2) == "ss"
        with pytest.raises(RemoteError, match="unknown parameter `session_context`"):
            tester.call("keep", session_context=1)


class Slow(BaseAdapter):
    """Takes its time to start a session."""

    begun = threading.Event()

    async def on_session_start(self, session: Session) -> None:
        self.begun.set()
        await asyncio.sleep(3600)

    @tool
    async def never(self) -> None:
        raise AssertionError


@pytest.mark.proves("CANCEL-01", "SESSION-05")
def test_a_call_that_waits_for_its_session_to_start_can_be_left() -> None:
    with ToolTester(Slow) as tester, tester.session("s") as session:
        waiting = session.begin("never")
        assert Slow.begun.wait(5)
        waiting.cancel()
        with pytest.raises(CallCancelled):
            waiting.result(5)
