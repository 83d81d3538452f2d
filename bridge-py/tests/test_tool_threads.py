"""Sync tools side by side: what they share, what they have alone, and what a cancel does to one of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from host import Host
from process import Process
from snakepit_bridge import BaseAdapter, CallCancelled, ThreadSafeAdapter, ToolDefinitionError, context, tool
from snakepit_bridge._codec.values import decode
from snakepit_bridge._runtime import thread_interrupts
from snakepit_bridge.testing import ToolTester

WAIT = 10.0
CLOSED, INTERRUPTED, THROWN = 2, 3, 4


@pytest.fixture(scope="module")
def threads() -> Iterator[Host]:
    with Host("threads.py", threads=4) as host:
        yield host


def cancelled(host: Host, call: int) -> int:
    host.cancel(call)
    end = host.end(call)
    assert end.WhichOneof("outcome") == "cancelled", end
    return int(end.cancelled.rung)


def all_of(host: Host, calls: list[int]) -> list[Any]:
    return [decode(host.end(call).ok.value) for call in calls]


@pytest.mark.proves("PY-04", "POOL-06")
def test_as_many_calls_as_threads_run_at_once(threads: Host) -> None:
    names = all_of(threads, [threads.start("meet") for _ in range(4)])
    assert sorted(names) == [f"snakepit-tools-{number}" for number in range(4)]


@pytest.mark.proves("PY-04")
def test_main_thread_and_event_loop_keep_what_is_theirs(threads: Host) -> None:
    assert threads.call("on_the_loop") == "snakepit-loop"
    facts = threads.call("facts", session="red")
    threads.end_session("red")
    assert facts["loaded_on"] == "MainThread"
    assert facts["session"] == "red"
    assert facts["notes"][-1] == "start red MainThread"
    # The end of a session is told on the main thread too, in its own time.
    deadline = time.monotonic() + WAIT
    while "ended red MainThread" not in threads.call("facts")["notes"]:
        assert time.monotonic() < deadline


@pytest.mark.proves("PY-04")
def test_the_adapter_s_lock_keeps_threads_apart(threads: Host) -> None:
    counts = all_of(threads, [threads.start("add", {"times": 200}) for _ in range(8)])
    assert max(counts) == 1600


@pytest.mark.proves("PY-04")
def test_each_thread_has_its_own_values(threads: Host) -> None:
    for round_ in range(1, 3):
        for told in all_of(threads, [threads.start("own") for _ in range(4)]):
            assert len(told["names"]) == round_
            assert len(set(told["names"])) == 1
            assert told["last"] is None
            assert told["none"] == 7
    assert threads.call("forget") == {"gone": None, "cleared": True}


@pytest.mark.proves("PY-08", "PY-04")
def test_lines_of_calls_side_by_side_are_told_apart(threads: Host) -> None:
    calls = {threads.start("prints", {"word": word}): word for word in ("spring", "summer", "autumn", "winter")}
    for call in calls:
        threads.end(call)
    lines = [threads.log(lambda line: line.call in calls) for _ in calls]
    assert {line.call: line.message for line in lines} == calls


@pytest.mark.proves("PY-04")
def test_a_tool_that_wants_to_exit_ends_its_call_alone(threads: Host) -> None:
    for _ in range(8):
        assert threads.error("exits").exception.type == "SystemExit"
    all_of(threads, [threads.start("meet") for _ in range(4)])


@pytest.mark.proves("CANCEL-01", "CANCEL-02", "CANCEL-05", "PY-04")
def test_a_cancel_is_thrown_into_its_own_thread(threads: Host, tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(3)]
    calls = [threads.start("spins", {"path": str(path)}) for path in paths]
    for call in calls:
        threads.next(call, "progress")
    assert cancelled(threads, calls[1]) == THROWN
    assert paths[1].read_text().split() == ["CallCancelled", "finally"]
    # The neighbours went on, and still do.
    assert not paths[0].exists()
    assert not paths[2].exists()
    threads.quiet(calls[0])
    for call in (calls[0], calls[2]):
        assert cancelled(threads, call) == THROWN
    all_of(threads, [threads.start("meet") for _ in range(4)])


@pytest.mark.proves("CANCEL-01", "CANCEL-02", "PY-04")
@pytest.mark.parametrize(("tool_name", "rung"), [("yields", CLOSED), ("spins_between", THROWN)])
def test_streams_are_closed_in_their_thread(threads: Host, tmp_path: Path, tool_name: str, rung: int) -> None:
    path = tmp_path / "marks"
    call = threads.start(tool_name, {"path": str(path)}, window=(4, 1 << 20))
    threads.next(call, "items")
    assert cancelled(threads, call) == rung
    assert path.read_text().split() == ["finally"]


@pytest.mark.proves("CANCEL-03", "PY-04")
def test_a_shield_holds_in_a_thread_too(threads: Host, tmp_path: Path) -> None:
    path = tmp_path / "marks"
    call = threads.start("shielded", {"path": str(path)})
    threads.next(call, "progress")
    assert cancelled(threads, call) == INTERRUPTED
    assert path.read_text().split() == ["whole"]


@pytest.mark.proves("FAULT-05", "PY-04")
def test_calls_of_threads_are_progress(threads: Host) -> None:
    first = threads.ticks()
    threads.call("forget")
    assert threads.ticks() == first + 2  # a call and a ping


@pytest.mark.proves("PY-04")
@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        ("together.py", "module `together` is not declared safe for that: if it is, say `__thread_safe__ = True`"),
        ("sessions.py", "is not declared safe for that: if it is, derive it from `ThreadSafeAdapter`, or say"),
    ],
)
def test_a_worker_with_threads_refuses_tools_that_are_not_declared_safe(
    start: Callable[..., Process], adapter: str, words: str
) -> None:
    failure = start(adapter, threads=4).answer()["failure"]
    assert failure["stage"] == "tools"
    assert "with `threads: 4` tool '" in failure["message"]
    assert words in failure["message"]
    # No line of the user's is to blame.
    assert failure["traceback"] == ""


@pytest.mark.proves("WIRE-05")
@pytest.mark.parametrize("threads", [-1, 1.5, "4", True])
def test_a_number_of_threads_that_is_none_is_refused(start: Callable[..., Process], threads: object) -> None:
    failure = start("threads.py", threads=threads).answer()["failure"]
    assert failure["stage"] == "bootstrap"
    assert "expected `threads` to be a number of threads or null" in failure["message"]


# ---- without a host, and at a pace that no cancel grace would allow


class PerCall(ThreadSafeAdapter):
    """An instance for each call: made and cleaned up on the main thread, used on another one."""

    lifecycle = "call"
    seen: list[str] = []

    def initialize(self) -> None:
        self.seen.append(f"initialize {threading.current_thread().name}")

    def set_session_context(self, given: Any) -> None:
        self.given = given

    def cleanup(self) -> None:
        self.seen.append(f"cleanup {threading.current_thread().name}")

    @tool
    def where(self) -> str:
        assert self.given.call_id == context.call_id
        return threading.current_thread().name


@pytest.mark.proves("PY-03", "PY-04")
def test_instances_are_made_on_the_main_thread() -> None:
    with ToolTester(PerCall, threads=1) as tester:
        assert tester.call("where") == "snakepit-tools-0"
    assert PerCall.seen == ["initialize tool-tester", "cleanup tool-tester"]


class NeverReady(ThreadSafeAdapter):
    lifecycle = "call"
    entered = threading.Event()

    async def initialize(self) -> None:
        self.entered.set()
        import asyncio

        await asyncio.sleep(60)

    @tool
    def never(self) -> None:
        pass


@pytest.mark.proves("CANCEL-01", "PY-04")
def test_a_call_that_is_still_being_prepared_is_left() -> None:
    with ToolTester(NeverReady, threads=1) as tester:
        call = tester.begin("never")
        assert NeverReady.entered.wait(WAIT)
        call.cancel()
        with pytest.raises(CallCancelled):
            call.result(WAIT)


@pytest.mark.proves("PY-04", "PY-09")
def test_the_tester_checks_the_declaration() -> None:
    class Undeclared(BaseAdapter):
        @tool
        def one(self) -> int:
            return 1

    with pytest.raises(ToolDefinitionError, match="adapter `Undeclared` is not declared safe"):
        ToolTester(Undeclared, threads=2)

    class Declared(BaseAdapter):
        __thread_safe__ = True

        @tool
        def one(self) -> int:
            return 1

    with ToolTester(Declared, threads=2) as tester:
        assert tester.call("one") == 1


outcomes: list[str] = []


@tool
def hops(seed: int, shielded: bool = False) -> str:
    """Works for some hundred microseconds at a time; tells what it was left by, and where."""
    inside = False
    try:
        for step in range(20):
            if shielded:
                with context.shield():
                    inside = True
                    spin(pace(seed, step))
                    inside = False
            else:
                spin(pace(seed, step))
    except BaseException as error:
        outcomes.append(f"{type(error).__name__} {inside}")
        raise
    return "done"


@tool
def hops_and_yields(seed: int) -> Iterator[int]:
    try:
        for step in range(1000):
            spin(pace(seed, step))
            yield step
    finally:
        outcomes.append("closed")


@tool
def bystander() -> int:
    for _ in range(30):
        spin(20e-6)
    return 30


def seeds(most: int) -> Iterator[int]:
    """As many as there are seconds for: four threads that quarrel over one lock are slow on a busy machine."""
    end = time.monotonic() + 10.0
    for seed in range(most):
        if time.monotonic() > end:
            return
        yield seed


def pace(seed: int, step: int) -> float:
    return (seed * 7 + step) % 13 * 20e-6


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[ToolTester]:
    """Two threads, and a thrower that gives nobody any time, so that every race is met."""
    monkeypatch.setattr(thread_interrupts, "_LOOK_S", 0.0)
    monkeypatch.setattr(thread_interrupts, "_AGAIN_S", 0.0)
    outcomes.clear()
    module = ModuleType("hopping")
    module.__dict__.update(hops=hops, hops_and_yields=hops_and_yields, bystander=bystander, __thread_safe__=True)
    before = sys.getswitchinterval()
    # Not less: with 10 microseconds four busy threads only hand the interpreter's lock around, and none gets on.
    sys.setswitchinterval(2e-4)
    with ToolTester(module, threads=2) as tester:
        yield tester
    sys.setswitchinterval(before)


@pytest.mark.proves("CANCEL-05", "CANCEL-03", "PY-04")
@pytest.mark.parametrize("shielded", [False, True])
def test_hasty_interrupts_hit_their_own_call_and_no_shield(hasty: ToolTester, shielded: bool) -> None:
    left = []
    for seed in seeds(400):
        other = hasty.begin("bystander")
        call = hasty.begin("hops", seed=seed, shielded=shielded)
        spin(seed % 40 * 50e-6)
        call.cancel()
        try:
            left.append(call.result(WAIT))
        except CallCancelled:
            left.append("cancelled")
        assert other.result(WAIT) == 30
    assert hasty.call("bystander") == 30
    assert "cancelled" in left
    # However it was left, a shielded part was never left in its middle.
    assert all(outcome.endswith("False") for outcome in outcomes), outcomes
    assert any(outcome.startswith("CallCancelled") for outcome in outcomes)


@pytest.mark.proves("CANCEL-05", "CANCEL-02", "PY-04")
def test_hasty_interrupts_leave_streams_closed(hasty: ToolTester) -> None:
    for seed in seeds(300):
        other = hasty.begin("bystander")
        stream = hasty.stream("hops_and_yields", seed=seed)
        for _ in range(seed % 4):
            next(stream)
        stream.close()
        assert other.result(WAIT) == 30
    assert hasty.call("bystander") == 30
    assert set(outcomes) == {"closed"}


@pytest.mark.proves("PY-04", "PY-09")
def test_the_tester_s_threads_end_with_it() -> None:
    before = set(threading.enumerate())
    with ToolTester(PerCall, threads=3):
        ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("snakepit-tools")]
        assert len(ours) == 3
    for thread in ours:
        thread.join(WAIT)
        assert not thread.is_alive()
