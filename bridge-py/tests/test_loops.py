"""A loop that many calls share: what one of them does to it ends that call at most."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host import Host
from snakepit_bridge._codec.values import decode

GROUPS = ["group"] if sys.version_info >= (3, 11) else []


@pytest.fixture(scope="module")
def worker() -> Iterator[Host]:
    with Host("loops.py") as host:
        yield host


@pytest.fixture
def loops(worker: Host, tmp_path: Path) -> Iterator[Host]:
    """A worker with two calls on its loop, which have to be unharmed after the test, as has the loop."""
    stop = tmp_path / "stop"
    others = [worker.start(tool, {"stop": str(stop)}) for tool in ("beside", "alone")]
    for call in others:
        worker.log(lambda line, call=call: line.call == call and line.message == "there")  # type: ignore[misc]
    yield worker
    stop.touch()
    assert [decode(worker.end(call).ok.value) for call in others] == ["unharmed"] * 2
    assert worker.call("quick") == "quick"


@pytest.mark.proves("PROC-03")
@pytest.mark.parametrize(
    "where",
    ["gather", *GROUPS, "task", "call_soon", "call_later", "done", "executor", "to_thread", "subprocess", "wait_for"],
)
def test_what_would_end_a_program_ends_the_call_it_belongs_to(loops: Host, where: str) -> None:
    error = loops.error("leaves", {"where": where})
    assert (error.code, error.exception.type) == ("python_error", "SystemExit")


@pytest.mark.proves("PROC-03")
def test_so_does_an_interrupt_in_a_task_of_its_own(loops: Host) -> None:
    assert loops.error("leaves", {"where": "interrupt"}).exception.type == "KeyboardInterrupt"


@pytest.mark.proves("PROC-03")
@pytest.mark.parametrize("how", ["await", "wait", "wait_for"])
def test_who_waits_for_the_task_may_catch_it(loops: Host, how: str) -> None:
    assert loops.call("catches", {"how": how}) == "usage, 2"


@pytest.mark.proves("PROC-03")
def test_a_stream_that_waits_for_its_reader_ends_too(loops: Host) -> None:
    end = loops.end(loops.start("streams_and_falls", window=(2, 1 << 20)))
    assert end.error.exception.type == "SystemExit"


@pytest.mark.proves("PROC-03")
def test_what_a_call_has_left_behind_is_logged_and_ends_nothing(loops: Host) -> None:
    assert loops.call("leaves_later") == "ended"
    told = loops.log(lambda line: "belongs to no running call" in line.message)
    assert "SystemExit: enough" in told.message
    assert "loops.py" in told.message
    assert "in leave" in told.message
    assert loops.call("leaves_a_generator") == "ended"
    loops.log(lambda line: "belongs to no running call" in line.message)


@pytest.mark.proves("PROC-03")
@pytest.mark.parametrize(
    "how",
    [
        *("stop", "close", "stop and close", "cancel all", "wait for all", "asyncgens", "executor"),
        *("executor of its own", "handler", "factory"),
    ],
)
def test_helpers_for_the_end_of_a_program_end_nothing(loops: Host, how: str) -> None:
    numbers = loops.start("streams_and_falls", window=(1, 1 << 20)) if how == "asyncgens" else 0
    assert loops.call("harms", {"how": how}) == how
    assert loops.call("to_executor") == "run"
    if numbers:
        assert loops.end(numbers).error.exception.type == "SystemExit"


@pytest.mark.proves("PROC-03")
def test_a_call_whose_tasks_others_cancel_ends_with_a_sentence(attach: Callable[..., Host], tmp_path: Path) -> None:
    worker = attach("loops.py")
    stop = str(tmp_path / "stop")
    calls = {tool: worker.start(tool, {"stop": stop}) for tool in ("beside", "alone")}
    for call in calls.values():
        worker.log(lambda line, call=call: line.call == call)  # type: ignore[misc]
    assert worker.call("cancels_everything") == 1  # the task that `beside` has made; calls are not among them
    error = worker.end(calls["beside"]).error
    assert error.exception.type == "asyncio.exceptions.CancelledError"
    assert "'beside' was cancelled by code in its worker, not by its caller" in error.message
    Path(stop).touch()
    assert decode(worker.end(calls["alone"]).ok.value) == "unharmed"


@pytest.mark.proves("PROC-03")
def test_a_call_that_cancels_itself_ends_with_a_sentence(loops: Host) -> None:
    assert "not by its caller: had enough" in loops.error("cancels_itself").message


@pytest.mark.proves("PROC-03")
def test_a_call_that_is_cancelled_before_its_first_step_ends(loops: Host) -> None:
    assert loops.call("cancels_the_next") == "set"
    assert "not by its caller" in loops.error("quick").message


@pytest.mark.proves("PROC-02")
def test_the_loop_is_one_as_any(loops: Host) -> None:
    expected: list[Any] = ["wait_for", "timeout", "mine", 0] if sys.version_info >= (3, 11) else ["wait_for"]
    assert loops.call("times_out") == expected
    assert "running event loop" in loops.call("runs_a_loop", {"how": "run"})
    assert loops.call("runs_a_loop", {"how": "until"}) == "This event loop is already running"
    assert loops.call("child_process") == ["cba", 0, 3]
    assert loops.call("serves_itself") == "HELLO"
    assert loops.call("handles_signals") in ("RuntimeError", "ValueError")


@pytest.mark.proves("PROC-03")
@pytest.mark.parametrize("how", ["descriptor", "selector"])
def test_a_worker_whose_loop_is_broken_says_so_and_leaves(attach: Callable[..., Host], how: str) -> None:
    worker = attach("loops.py")
    worker.start("breaks_the_loop", {"how": how})
    assert worker.process.popen.wait(10) == 70


@pytest.mark.proves("PROC-02")
def test_tools_have_grpc_of_their_own_beside_the_worker(attach: Callable[..., Host]) -> None:
    worker = attach("own_grpc.py")
    calls = [worker.start(tool, {"text": "hey"}) for tool in ("asks", "asks_async") * 3]
    assert [decode(worker.end(call).ok.value) for call in calls] == ["HEY"] * 6
