"""Sync tools that run loops of their own on the thread they are called on, and signals that outlast a call."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import Host


@pytest.fixture(scope="module", params=[None, 2], ids=["main", "threads"])
def loops(request: pytest.FixtureRequest) -> Iterator[Host]:
    with Host("own_loops.py", threads=request.param) as host:
        yield host


def left(host: Host, tool: str, path: Path, **arguments: str) -> list[str]:
    """What a tool has marked once it was cancelled."""
    call = host.start(tool, {"path": str(path), **arguments})
    host.log(lambda line: line.call == call and line.message == "there")
    host.cancel(call)
    end = host.end(call)
    assert end.WhichOneof("outcome") == "cancelled", end
    assert not end.cancelled.HasField("error"), end
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.proves("PROC-02")
def test_a_loop_can_be_run_again_and_again(loops: Host) -> None:
    for n in range(3):
        assert loops.call("runs", {"n": n}) == [3, [i * i for i in range(n)], "thread"]


@pytest.mark.proves("CANCEL-01", "CANCEL-02")
@pytest.mark.parametrize("how", ["sleep", "child", "lost child", "callbacks"])
def test_a_cancel_goes_through_the_loop(loops: Host, tmp_path: Path, how: str) -> None:
    for number in range(5):
        assert left(loops, "waits", tmp_path / str(number), how=how) == ["tidied", "CancelledError", "finally"]
    assert loops.call("runs", {"n": 2}) == [3, [0, 1], "thread"]


@pytest.mark.proves("CANCEL-01", "CANCEL-03")
def test_a_loop_without_a_turn_is_interrupted_and_a_shield_is_not(loops: Host, tmp_path: Path) -> None:
    assert left(loops, "spins", tmp_path / "spins") == ["CallCancelled"]
    assert left(loops, "shielded", tmp_path / "shielded") == ["written"]


@pytest.mark.proves("PROC-02", "PROC-03")
def test_signals_mean_after_a_call_what_they_meant_before(attach: Callable[..., Host], tmp_path: Path) -> None:
    host = attach("own_loops.py")
    before = host.call("handlers")
    assert before[0]
    for number in range(2):
        assert host.call("listens", {"path": str(tmp_path / str(number))}) == "listened"
        assert host.call("handlers") == before
    os.kill(host.pid, signal.SIGINT)
    assert host.call("echo", {"value": "there"}) == "there"
    os.kill(host.pid, signal.SIGTERM)
    assert host.process.popen.wait(10) == 0


@pytest.mark.proves("PROC-03")
def test_an_alarm_ends_with_the_call_that_has_set_it(attach: Callable[..., Host]) -> None:
    host = attach("own_loops.py")
    assert host.call("alarmed") == "rings"
    assert host.call("forgets_an_alarm", {"seconds": 0.05}) == "set"
    assert host.call("naps", {"seconds": 0.15}) == "slept"


@pytest.mark.proves("PROC-03")
def test_a_handler_that_raises_between_two_calls_ends_nothing(attach: Callable[..., Host]) -> None:
    host = attach("own_loops.py")
    assert host.call("forgets_a_handler") == "set"
    assert host.call("echo", {"value": "still there"}) == "still there"
    os.kill(host.pid, signal.SIGUSR2)
    told = host.log(lambda line: "between two calls" in line.message)
    assert "TimeoutError: rings" in told.message
    assert host.call("echo", {"value": "there"}) == "there"
