"""Tools have signals to themselves as scripts have, and can be cancelled all the same."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host import Host
from test_cancel import INTERRUPTED, THROWN, begun, cancelled, marks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="real-time signals are not everywhere")


@pytest.fixture(scope="module")
def signals() -> Iterator[Host]:
    with Host("signals.py") as host:
        yield host


def is_ours(line: Any) -> bool:
    return bool(line.source == "snakepit")


@pytest.mark.proves("CANCEL-01", "PROC-02")
@pytest.mark.parametrize("habit", ["none", "dumps on SIGUSR1", "handles SIGUSR1"])
def test_the_signals_of_users_are_theirs(attach: Callable[..., Host], tmp_path: Path, habit: str) -> None:
    host = attach("signals.py")
    host.call("take_habit", {"habit": habit})
    path = tmp_path / "marks"
    assert cancelled(host, begun(host, "sleeps", path)) == INTERRUPTED
    assert marks(path) == ["finally"]
    assert host.logs.empty()


@pytest.mark.proves("CANCEL-01", "PROC-03")
@pytest.mark.parametrize(
    ("habit", "taker"),
    [("handles the first", "`my_handler` of module `signals`"), ("dumps on the first", "a handler in C")],
)
def test_a_signal_that_a_tool_takes_is_told_and_another_one_used(
    attach: Callable[..., Host], tmp_path: Path, habit: str, taker: str
) -> None:
    host = attach("signals.py")
    host.call("take_habit", {"habit": habit})
    for attempt in range(2):
        path = tmp_path / f"marks-{attempt}"
        assert cancelled(host, begun(host, "sleeps", path)) == INTERRUPTED
        assert marks(path) == ["finally"]
        if attempt == 0:
            told = host.log(is_ours).message
            assert told.startswith("cancelling tool 'sleeps': signal SIGRTMAX-")
            assert taker in told
            assert told.endswith(": another is used")
    assert not any(map(is_ours, drained(host)))


@pytest.mark.proves("CANCEL-01", "PROC-03")
@pytest.mark.parametrize("habit", ["handles all", "ignores all", "blocks all"])
@pytest.mark.parametrize(("tool", "left"), [("spins", ["finally"]), ("spins_shielded", ["written", "finally"])])
def test_without_any_signal_an_exception_is_thrown(
    attach: Callable[..., Host], tmp_path: Path, habit: str, tool: str, left: list[str]
) -> None:
    host = attach("signals.py")
    host.call("take_habit", {"habit": habit})
    for attempt in range(3):
        path = tmp_path / f"marks-{attempt}"
        call = begun(host, tool, path)
        assert cancelled(host, call) == (THROWN if tool == "spins" else INTERRUPTED)
        assert marks(path) == left
        told = [line.message for line in drained(host) if is_ours(line)]
        if attempt > 0:
            assert told == [], "once is enough"
        elif tool == "spins":  # who leaves a shield leaves by itself: nobody had to know
            assert len(told) == 2, told
            assert told[1].endswith(": no blocking call can be interrupted any more")


def drained(host: Host) -> list[Any]:
    lines = []
    while not host.logs.empty():
        lines.append(host.logs.get())
    return lines


@pytest.mark.proves("PROC-02")
def test_alarms_ring_in_their_tool(signals: Host) -> None:
    assert signals.call("times_out", {"seconds": 0.05}) == "the alarm rang"


@pytest.mark.proves("PROC-02", "PROC-03")
def test_an_event_loop_of_a_tool_s_own_hears_signals_and_gives_them_back(attach: Callable[..., Host]) -> None:
    host = attach("signals.py")
    assert host.call("runs_a_loop") == ["SIGUSR2"]
    assert host.call("wakeup_fd") is True
    os.kill(host.pid, signal.SIGTERM)
    assert host.process.popen.wait(10) == 0
