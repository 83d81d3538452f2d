"""The cancel ladder in a real worker."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from host import Host
from snakepit_bridge._protocol.messages import Frame

NOT_STARTED, CLOSED, INTERRUPTED, THROWN = 1, 2, 3, 4


def marks(path: Path) -> list[str]:
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def delay_ms(path: Path, since: float, word: str = "finally") -> float:
    """How long after ``since`` the tool left its mark."""
    line = next(line for line in path.read_text().splitlines() if line.startswith(word))
    return (float(line.split()[1]) - since) * 1000


def begun(host: Host, tool: str, path: Path, **options: object) -> int:
    call = host.start(tool, {"path": str(path), **options})
    host.log(lambda line: line.call == call and line.message == "begun")
    return call


def cancelled(host: Host, call: int) -> int:
    host.cancel(call)
    host.cancel(call)
    end = host.end(call)
    assert end.WhichOneof("outcome") == "cancelled", end
    return int(end.cancelled.rung)


@pytest.mark.proves("CANCEL-01", "CANCEL-02")
@pytest.mark.parametrize(
    ("tool", "rung", "left"),
    [
        ("sleeps", INTERRUPTED, ["finally"]),
        ("spins", INTERRUPTED, ["finally"]),
        ("catches", INTERRUPTED, ["CallCancelled"]),
        ("shielded", INTERRUPTED, ["written", "finally"]),
        ("slow_finally", INTERRUPTED, ["finally"]),
        ("checks", CLOSED, ["finally"]),
        ("sleeps_async", INTERRUPTED, ["CancelledError", "finally"]),
        ("shielded_async", INTERRUPTED, ["written", "finally"]),
        ("spins_async", THROWN, ["finally"]),
        ("naps_async", THROWN, ["CallCancelled", "left"]),
        ("spins_after_a_wait", THROWN, ["finally"]),
        ("catches_async", THROWN, ["CallCancelled"]),
        ("shielded_spin_async", THROWN, ["written", "finally"]),
    ],
)
def test_calls_are_left_and_their_finally_runs(
    cancels: Host, tmp_path: Path, tool: str, rung: int, left: list[str]
) -> None:
    path = tmp_path / "marks"
    call = begun(cancels, tool, path)
    assert cancelled(cancels, call) == rung
    assert marks(path) == left
    assert cancels.call("short") == "done"


@pytest.mark.proves("CANCEL-01", "CANCEL-02")
@pytest.mark.parametrize(
    ("tool", "rung", "left"),
    [
        ("yields", CLOSED, ["finally"]),
        ("yields_async", CLOSED, ["finally"]),
        ("sleeps_between", INTERRUPTED, ["finally"]),
        ("catches_and_yields", INTERRUPTED, ["caught", "closed"]),
        ("spins_between_async", THROWN, ["finally"]),
    ],
)
def test_streams_are_left_and_their_finally_runs(
    cancels: Host, tmp_path: Path, tool: str, rung: int, left: list[str]
) -> None:
    path = tmp_path / "marks"
    call = cancels.start(tool, {"path": str(path)}, window=(4, 1 << 20))
    cancels.next(call, "items")
    assert cancelled(cancels, call) == rung
    assert marks(path) == left


@pytest.mark.proves("CANCEL-01")
@pytest.mark.parametrize("tool", ["sleeps", "spins"])
def test_an_interrupt_takes_milliseconds(cancels: Host, tmp_path: Path, tool: str) -> None:
    # The best of several: this is about the mechanism, not about what else the machine does.
    delays = []
    for attempt in range(5):
        path = tmp_path / f"marks-{attempt}"
        call = begun(cancels, tool, path)
        since = time.time()
        cancelled(cancels, call)
        delays.append(delay_ms(path, since))
    assert min(delays) < 5, delays


@pytest.mark.proves("CANCEL-01")
def test_a_stream_in_full_flow_is_left(cancels: Host, tmp_path: Path) -> None:
    path = tmp_path / "marks"
    call = cancels.start("yields", {"path": str(path)}, window=(1 << 30, 1 << 40))
    cancels.next(call, "items")
    assert cancelled(cancels, call) in (CLOSED, INTERRUPTED)
    assert marks(path) == ["finally"]


@pytest.mark.proves("POOL-03", "CANCEL-04")
def test_a_waiting_call_is_taken_from_the_queue(cancels: Host, tmp_path: Path) -> None:
    running = begun(cancels, "sleeps", tmp_path / "running")
    waiting = cancels.start("sleeps", {"path": str(tmp_path / "waiting")})
    assert cancelled(cancels, waiting) == NOT_STARTED
    assert cancelled(cancels, running) == INTERRUPTED
    assert marks(tmp_path / "waiting") == []


@pytest.mark.proves("CANCEL-01", "PY-08")
def test_a_tool_that_only_prints_can_be_interrupted(cancels: Host) -> None:
    call = cancels.start("prints_for_ever")
    cancels.log(lambda line: line.call == call and line.message == "line")
    assert cancelled(cancels, call) == INTERRUPTED


@pytest.mark.proves("CANCEL-01", "PY-08")
def test_an_async_tool_that_only_prints_can_be_interrupted(cancels: Host) -> None:
    call = cancels.start("prints_for_ever_async")
    cancels.log(lambda line: line.call == call and line.message == "line")
    assert cancelled(cancels, call) == THROWN


@pytest.mark.proves("CANCEL-01", "CANCEL-02")
def test_an_async_stream_in_full_flow_is_left(cancels: Host, tmp_path: Path) -> None:
    path = tmp_path / "marks"
    call = cancels.start("never_waits_async", {"path": str(path)}, window=(1 << 30, 1 << 40))
    cancels.next(call, "items")
    assert cancelled(cancels, call) in (CLOSED, THROWN)
    assert marks(path) == ["finally"]


@pytest.mark.proves("CANCEL-05", "POOL-06")
def test_other_async_tools_outlive_one_that_kept_the_loop_to_itself(cancels: Host, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    others = [begun(cancels, "ticks_until", stop) for _ in range(5)]
    spinning = cancels.start("spins_async", {"path": str(tmp_path / "marks")})
    cancels.log(lambda line: line.call == spinning and line.message == "begun")
    assert cancelled(cancels, spinning) == THROWN
    stop.touch()
    for call in others:
        assert cancels.end(call).WhichOneof("outcome") == "ok"


@pytest.mark.proves("CANCEL-05")
def test_a_storm_of_cancels_hits_only_what_was_cancelled(cancels: Host, tmp_path: Path) -> None:
    """Steps end around the moment at which the interrupt comes; each call beside them has to be untouched."""
    stop = tmp_path / "stop"
    witness = begun(cancels, "ticks_until", stop)
    rungs = set()
    for round_ in range(300):
        first = cancels.start("alternates", {"steps": 3, "seconds": 0.004 + (round_ % 30) / 5000})
        second = cancels.start("short_async")
        if round_ % 2:
            cancels.log(lambda line, call=first: line.call == call)  # type: ignore[misc]
        cancels.cancel(first)
        end = cancels.end(first)
        assert end.WhichOneof("outcome") in ("ok", "cancelled")
        rungs.add(end.cancelled.rung)
        end = cancels.end(second)
        assert end.WhichOneof("outcome") == "ok", end
    assert THROWN in rungs
    stop.touch()
    assert cancels.end(witness).WhichOneof("outcome") == "ok"


@pytest.mark.proves("CANCEL-05")
def test_an_interrupt_never_lands_in_a_later_call(cancels: Host) -> None:
    """Cancels arrive around the end of short calls; each call after them has to be untouched."""
    for round_ in range(400):
        first = cancels.start("short", {"seconds": (round_ % 20) / 20_000})
        second = cancels.start("short")
        cancels.cancel(first)
        assert cancels.end(first).WhichOneof("outcome") in ("ok", "cancelled")
        end = cancels.end(second)
        assert end.WhichOneof("outcome") == "ok", end


@pytest.mark.proves("CANCEL-04", "CLEAN-02")
def test_shutdown_waits_for_its_grace_and_then_cancels(attach: type[Host], tmp_path: Path) -> None:
    host = attach("cancels.py")
    path = tmp_path / "marks"
    call = begun(host, "sleeps", path)
    frame = Frame()
    frame.shutdown.grace_ms = 50
    host.send(frame)
    assert host.end(call).WhichOneof("outcome") == "cancelled"
    assert marks(path) == ["finally"]
    assert host.process.popen.wait(5) == 0


@pytest.mark.proves("CLEAN-02", "API-10")
def test_shutdown_lets_calls_end_and_refuses_new_ones(attach: type[Host]) -> None:
    host = attach("cancels.py")
    call = host.start("short", {"seconds": 0.2})
    frame = Frame()
    frame.shutdown.grace_ms = 5000
    host.send(frame)
    late = host.start("short")
    assert host.end(late).error.code == "worker_stopping"
    assert host.end(call).WhichOneof("outcome") == "ok"
    assert host.process.popen.wait(5) == 0
