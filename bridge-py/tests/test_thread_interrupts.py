"""Laws of exceptions that are raised into another thread, at a pace that no cancel grace would allow."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from types import ModuleType

import pytest

from snakepit_bridge import CallCancelled, context, tool
from snakepit_bridge._runtime import thread_interrupts
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge.testing import ToolTester

WAIT = 10.0

outcomes: list[str] = []
begun = threading.Event()


@tool
async def hops(seed: int, shielded: bool = False) -> str:
    """Runs for some hundred microseconds, waits, and again; tells what it was left by."""
    try:
        for step in range(20):
            if shielded:
                with context.shield():
                    inside = True
                    spin(pace(seed, step))
                    inside = False
            else:
                inside = False
                spin(pace(seed, step))
            await asyncio.sleep(0)
    except BaseException as error:
        outcomes.append(f"{type(error).__name__} {inside}")
        raise
    return "done"


@tool
async def hops_and_yields(seed: int) -> AsyncIterator[int]:
    try:
        for step in range(1000):
            spin(pace(seed, step))
            yield step
    finally:
        await asyncio.sleep(0)
        outcomes.append("closed")


@tool
async def drops_weakly() -> None:
    """Nearly all of its time is spent in callbacks of weak references."""
    begun.set()
    try:
        while True:
            noticed = Thing()
            weakref.finalize(noticed, spin, 200e-6)
            del noticed
            sum(range(3000))
    finally:
        outcomes.append("left")


class Thing:
    pass


@tool
async def bystander() -> int:
    for _ in range(30):
        spin(20e-6)
        await asyncio.sleep(0)
    return 30


def pace(seed: int, step: int) -> float:
    """Some hundred microseconds; now and then so much that an interrupt has to come."""
    return 0.01 if seed % 40 == 39 else (seed * 7 + step) % 13 * 20e-6


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def hopping() -> ToolTester:
    module = ModuleType("hopping")
    module.__dict__.update(hops=hops, hops_and_yields=hops_and_yields, bystander=bystander, drops_weakly=drops_weakly)
    return ToolTester(module)


def throw_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread goes on between the look and the throw, as it may: what is thrown comes too late for where it was."""
    look = ThreadInterrupts._may_arrive

    def look_long(self: ThreadInterrupts) -> bool:
        found = look(self)
        pause.wait(100e-6)
        return found

    pause = threading.Event()
    monkeypatch.setattr(ThreadInterrupts, "_may_arrive", look_long)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Throws as soon as a cancelled run is seen, and lets threads alternate often, so that every race is met."""
    monkeypatch.setattr(thread_interrupts, "_LOOK_S", 0.0)
    monkeypatch.setattr(thread_interrupts, "_AGAIN_S", 0.0)
    outcomes.clear()
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    thread_interrupts.throw_swallowed_again()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.proves("CANCEL-05", "CANCEL-03")
@pytest.mark.parametrize("shielded", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_hasty_interrupts_hit_their_own_call_and_no_shield(
    late: bool, shielded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if late:
        throw_late(monkeypatch)
    left = []
    with hopping() as calls:
        for seed in range(400):
            other = calls.begin("bystander")
            call = calls.begin("hops", seed=seed, shielded=shielded)
            spin(seed % 40 * 50e-6)
            call.cancel()
            try:
                left.append(call.result(WAIT))
            except CallCancelled:
                left.append("cancelled")
            assert other.result(WAIT) == 30
        assert calls.call("bystander") == 30
    assert "cancelled" in left
    # However it was left, a shielded part was never left in its middle.
    assert all(outcome.endswith("False") for outcome in outcomes), outcomes
    if not shielded:
        assert any(outcome.startswith("CallCancelled") for outcome in outcomes)


@pytest.mark.proves("CANCEL-05", "CANCEL-02")
def test_hasty_interrupts_leave_streams_closed() -> None:
    with hopping() as calls:
        for seed in range(200):
            other = calls.begin("bystander")
            stream = calls.stream("hops_and_yields", seed=seed)
            for _ in range(seed % 4):
                next(stream)
            stream.close()
            assert other.result(WAIT) == 30
        assert calls.call("bystander") == 30
    # One that was taken before its first line has nothing to close.
    assert set(outcomes) == {"closed"}


@pytest.mark.proves("CANCEL-01")
def test_the_thread_that_throws_ends_with_the_last_cancelled_call() -> None:
    with hopping() as calls:
        call = calls.begin("hops", seed=1)
        call.cancel()
        with suppress(CallCancelled):  # it may have ended before
            call.result(WAIT)
        deadline = time.monotonic() + WAIT
        while any(thread.name == "snakepit-thrower" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            os.sched_yield()


@pytest.mark.proves("CANCEL-05")
def test_what_arrives_in_a_weak_reference_s_callback_is_thrown_again() -> None:
    with hopping() as calls:
        call = calls.begin("drops_weakly")
        assert begun.wait(WAIT)
        call.cancel()
        with pytest.raises(CallCancelled):
            call.result(WAIT)
    assert outcomes == ["left"]
