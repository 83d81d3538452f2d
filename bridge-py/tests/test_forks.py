"""A forked child runs its tool to the end and ends there; nothing that is the worker's is touched."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import Host

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forking a process with threads is Linux's"),
    pytest.mark.proves("PROC-02"),
]

ENDS = {
    "returns": 0,
    "raises": 1,
    "exits": 0,
    "exits with 7": 7,
    "exits with words": 1,
    "prints": 0,
    "starts a thread": 0,
    "is terminated": -15,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORKS", str(tmp_path))
    # Python 3.12 warns of what is tried here.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore::DeprecationWarning")
    return tmp_path


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    assert folder.is_dir()
    with Host("forks.py") as host:
        yield host


def passed(folder: Path, name: str) -> int:
    """How many processes came by a place."""
    return len(list(folder.glob(f"{name} *")))


def ends_alone(host: Host, folder: Path) -> str:
    """Ends the worker, which is the only one whose end it is. What was written on its descriptors."""
    assert host.call("ping") == "pong"
    host.process.popen.terminate()
    assert host.process.popen.wait(10) == 0
    assert passed(folder, "atexit") == 1
    assert host.process.popen.stdout is not None
    return host.process.popen.stdout.read().decode() + host.process.rest_of_stderr()


@pytest.mark.parametrize("tool", ["forks", "forks_async"])
def test_a_child_that_leaves_its_tool_ends_as_a_script(host: Host, folder: Path, tool: str) -> None:
    for end, status in ENDS.items():
        assert (end, host.call(tool, {"end": end})) == (end, status)
    told = ends_alone(host, folder)
    assert passed(folder, "thread") == 1
    assert told.count("Traceback") == 1
    assert "ValueError: no such row\n" in told
    assert "snakepit_bridge" not in told
    assert "out of paper\n" in told
    assert "printed\nby the child" in told


def test_a_child_of_a_tool_thread_does_too(attach: Callable[..., Host], folder: Path) -> None:
    host = attach("forks.py", threads=2)
    for end, status in ENDS.items():
        assert (end, host.call("forks", {"end": end})) == (end, status)
    assert ends_alone(host, folder).count("Traceback") == 1


def test_a_child_that_awaits_ends_there_and_runs_nobody_else_s_steps(host: Host, folder: Path) -> None:
    assert host.call("forks_and_awaits") == 0
    assert host.call("forks_in_a_task", {"beside": 20}) == 0
    assert ends_alone(host, folder) == ""
    assert passed(folder, "went on") == 0
    assert [int(path.name.split()[1]) for path in folder.glob("other *")] == [host.pid]


@pytest.mark.parametrize("tool", ["forks_in_a_stream", "forks_in_an_async_stream"])
def test_a_child_that_yields_ends_there(host: Host, folder: Path, tool: str) -> None:
    values, end = host.chunks(host.start(tool, window=(1, 1 << 20)))
    assert values == [0]
    assert end.WhichOneof("outcome") == "ok"
    assert ends_alone(host, folder) == ""
    assert passed(folder, "yielded") == 1


def test_a_terminal_and_multiprocessing_by_fork(host: Host, folder: Path) -> None:
    assert host.call("forks_a_terminal") == "from the child\r\n"
    assert host.call("multiprocesses") == 5
    assert passed(folder, "work") == 1
    assert ends_alone(host, folder) == ""


@pytest.mark.parametrize("where", ["import", "init", "hook", "session"])
def test_a_child_of_the_adapter_s_own_code_is_no_second_worker(
    attach: Callable[..., Host], folder: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("FORK_AT", where)
    host = attach("forks.py")
    assert host.call("ping", session="s") == "pong"
    assert os.getsid(host.pid) == host.process.popen.pid
    assert ends_alone(host, folder) == ""
    assert passed(folder, f"after {where}") == (0 if where == "import" else 2)
