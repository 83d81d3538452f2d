"""A worker ends as an ordinary Python process does, and always within a bound."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from host import Host
from process import Process
from snakepit_bridge._protocol.messages import Frame

# What the host's stop ladder gives a worker that it has asked to leave.
LIMIT_S = 1.8


def shut_down(host: Host) -> None:
    frame = Frame()
    frame.shutdown.grace_ms = 0
    host.send(frame)


def end(host: Host, way: str) -> None:
    """Ends the worker in one of the ways there are."""
    match way:
        case "message":
            shut_down(host)
        case "SIGTERM":
            os.kill(host.pid, signal.SIGTERM)
        case "SIGTERM to the guardian":
            host.process.popen.terminate()
        case "end of the connection":
            host.channel.close()
        case "end of the host":
            assert host.process.popen.stdin is not None
            host.process.popen.stdin.close()
    assert host.process.popen.wait(10) == 0, host.process.rest_of_stderr()


WAYS = ["message", "SIGTERM", "SIGTERM to the guardian", "end of the connection", "end of the host"]


@pytest.mark.proves("PROC-01")
@pytest.mark.parametrize("way", WAYS)
def test_files_are_closed_and_atexit_runs(attach: Callable[..., Host], tmp_path: Path, way: str) -> None:
    host = attach("endings.py")
    host.call("keep", {"folder": str(tmp_path)})
    temporary = host.call("leave_open", {"folder": str(tmp_path)})
    assert Path(temporary).is_dir()
    end(host, way)
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {"instance": "the last line\n", "module": "the last line\n", "atexit": "called"}
    assert host.process.popen.stdout is not None
    assert host.process.popen.stdout.read().decode() == "said at exit\nsaid without an end"
    assert host.process.rest_of_stderr() == ""


@pytest.mark.proves("PROC-01")
@pytest.mark.parametrize("way", ["message", "SIGTERM"])
@pytest.mark.parametrize(
    ("tool", "threads"), [("start_threads", None), ("start_threads_async", None), ("start_threads", 2)]
)
def test_threads_are_waited_for(
    attach: Callable[..., Host], tmp_path: Path, way: str, tool: str, threads: int | None
) -> None:
    host = attach("endings.py", threads=threads)
    host.call(tool, {"folder": str(tmp_path)})
    end(host, way)
    expected = {"thread": "done", "job 0": "done", "job 1": "done"}
    if tool == "start_threads_async":
        expected["task"] = "cleaned up"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == expected
    assert host.process.rest_of_stderr() == ""


@pytest.mark.proves("PROC-01", "CLEAN-02")
@pytest.mark.parametrize(("how", "named"), [("thread", "thread 'the stuck one'"), ("atexit", "endings.py:")])
def test_an_end_that_hangs_is_cut_short_and_named(attach: Callable[..., Host], how: str, named: str) -> None:
    host = attach("endings.py")
    host.call("hang_in_the_end", {"how": how})
    began = monotonic()
    end(host, "message")
    assert monotonic() - began > 1.0
    told = host.process.rest_of_stderr()
    assert "the end of this worker took too long and was cut short" in told
    assert named in told
    assert "in hangs_for_ever" in told


@pytest.mark.proves("PROC-01", "CLEAN-02")
@pytest.mark.parametrize("how", ["gil", "finalizer"])
def test_an_end_that_hangs_for_everybody_is_ended_by_the_guardian(attach: Callable[..., Host], how: str) -> None:
    host = attach("endings.py")
    host.call("hang_in_the_end", {"how": how})
    assert host.process.popen.stdin is not None
    host.process.popen.stdin.close()
    assert host.process.popen.wait(LIMIT_S) == -signal.SIGKILL


@pytest.mark.proves("PROC-01", "CLEAN-02")
def test_a_tool_that_never_ends_keeps_nobody(attach: Callable[..., Host]) -> None:
    host = attach("endings.py")
    host.next(host.start("stuck", window=(1, 1 << 20)), "items")
    end(host, "message")


@pytest.mark.proves("PROC-01")
def test_an_adapter_that_cannot_be_served_ends_as_a_script_too(start: Callable[..., Process], tmp_path: Path) -> None:
    path = tmp_path / "tools.py"
    path.write_text(
        "import atexit, pathlib\n"
        f"atexit.register(pathlib.Path({str(tmp_path / 'atexit')!r}).touch)\n"
        "raise OSError('no model')\n"
    )
    process = start({"file": str(path)})
    assert process.answer()["failure"]["message"] == "no model"
    assert process.popen.wait(10) == 3
    assert (tmp_path / "atexit").exists()
