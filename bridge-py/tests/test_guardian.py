"""Nothing outlives the host, and the worker's end is told as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from host import Host
from snakepit_bridge._protocol.messages import Frame

LIMIT_S = 2.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="subreapers are Linux's")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pids: list[int]) -> None:
    deadline = monotonic() + LIMIT_S
    while any(map(alive, pids)):
        assert monotonic() < deadline, f"still there: {[pid for pid in pids if alive(pid)]}"
        os.sched_yield()


@pytest.fixture
def tree(attach: Callable[..., Host]) -> Iterator[tuple[Host, list[int]]]:
    """A worker with a child, a child in a session of its own, and a daemon forked twice."""
    host = attach("spawns.py")
    pids = [host.process.popen.pid, *host.call("spawn")]
    assert all(map(alive, pids))
    yield host, pids
    for pid in filter(alive, pids):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.proves("CLEAN-01")
def test_the_end_of_standard_input_ends_the_whole_tree(tree: tuple[Host, list[int]]) -> None:
    host, pids = tree
    assert host.process.popen.stdin is not None
    host.process.popen.stdin.close()
    host.process.popen.wait(LIMIT_S)
    wait_gone(pids)


@pytest.mark.proves("CLEAN-01")
def test_a_killed_worker_takes_its_tree_along(tree: tuple[Host, list[int]]) -> None:
    host, pids = tree
    os.kill(host.pid, signal.SIGKILL)
    assert host.process.popen.wait(LIMIT_S) == -signal.SIGKILL
    wait_gone(pids)


@pytest.mark.proves("CLEAN-02")
def test_sigterm_stops_the_worker_and_its_tree(tree: tuple[Host, list[int]]) -> None:
    host, pids = tree
    host.process.popen.terminate()
    assert host.process.popen.wait(LIMIT_S) == 0
    wait_gone(pids)


@pytest.mark.proves("CLEAN-02")
def test_the_end_of_the_attachment_is_the_end_of_the_worker(tree: tuple[Host, list[int]]) -> None:
    host, pids = tree
    host.channel.close()
    assert host.process.popen.wait(LIMIT_S) == 0
    wait_gone(pids)


@pytest.mark.proves("CLEAN-01")
def test_a_killed_guardian_takes_the_worker_along(attach: Callable[..., Host]) -> None:
    host = attach("spawns.py")
    host.process.popen.kill()
    host.process.popen.wait(LIMIT_S)
    wait_gone([host.pid])


@pytest.mark.proves("CLEAN-01")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_host_that_dies_leaves_nothing(number: int, tmp_path: Path) -> None:
    """The host itself is a process here, and dies without a word."""
    stand_in = subprocess.Popen(
        [sys.executable, "-c", _STAND_IN],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONFAULTHANDLER": ""},
        text=True,
        preexec_fn=_no_core,  # noqa: PLW1509 - nothing else runs in this process's fork
    )
    assert stand_in.stdout is not None
    with stand_in.stdout:
        pids = [int(word) for word in stand_in.stdout.readline().split()]
        assert len(pids) == 5
        assert all(map(alive, pids))
        os.kill(stand_in.pid, number)
        stand_in.wait(LIMIT_S)
        wait_gone(pids)


_STAND_IN = """
from host import Host
host = Host("spawns.py")
print(host.process.popen.pid, *host.call("spawn"), flush=True)
host.next(-1, timeout=60)
"""


@pytest.mark.proves("CLEAN-01", "CLEAN-04")
@pytest.mark.parametrize("phase", ["before_the_line", "booting", "serving", "calling"])
def test_a_host_that_dies_leaves_no_files_and_no_processes(phase: str) -> None:
    stand_in = subprocess.Popen(
        [sys.executable, "-c", _PHASES, phase],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    assert stand_in.stdout is not None
    with stand_in.stdout:
        pid, directory = stand_in.stdout.readline().split()
        folder = Path(directory)
        assert folder.exists()
        stand_in.kill()
        stand_in.wait(LIMIT_S)
        wait_gone([int(pid)])
        # The guardian goes last.
        assert not folder.exists()


@pytest.mark.proves("CLEAN-04")
def test_only_what_the_host_has_made_is_removed(attach: Callable[..., Host]) -> None:
    host = attach("spawns.py")
    folder = Path(host.process.directory)
    kept = folder / "kept"
    kept.touch()
    assert Path(host.process.socket).exists()
    host.process.popen.terminate()
    assert host.process.popen.wait(LIMIT_S) == 0
    assert list(folder.iterdir()) == [kept]


_PHASES = """
import sys
from host import Host
from process import Process
phase = sys.argv[1]
if phase in ("serving", "calling"):
    host = Host("spawns.py")
    process = host.process
    if phase == "calling":
        host.call("spawn")
else:
    process = Process("slow_start.py", line=b"" if phase == "before_the_line" else None)
    if phase == "booting":
        assert process.popen.stdout.readline() == b"importing\\n"
print(process.popen.pid, process.directory, flush=True)
process.popen.wait(60)
"""


def _no_core() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.mark.proves("FAULT-01")
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_the_worker_s_signal_is_the_host_s_to_read(attach: Callable[..., Host], number: int) -> None:
    host = attach("spawns.py")
    host.start("crash", {"number": int(number)})
    assert host.process.popen.wait(LIMIT_S) == -number


@pytest.mark.proves("FAULT-01")
def test_the_worker_s_status_is_the_host_s_to_read(attach: Callable[..., Host]) -> None:
    host = attach("spawns.py")
    host.start("leave", {"status": 42})
    assert host.process.popen.wait(LIMIT_S) == 42


@pytest.mark.proves("CLEAN-02")
def test_ctrl_c_in_the_terminal_is_the_host_s_business(attach: Callable[..., Host]) -> None:
    host = attach("spawns.py")
    for pid in (host.process.popen.pid, host.pid):
        os.kill(pid, signal.SIGINT)
    assert len(host.call("spawn")) == 4


@pytest.mark.proves("FAULT-05")
def test_a_ping_is_answered_with_progress(attach: Callable[..., Host]) -> None:
    host = attach("spawns.py")
    ticks = []
    for nonce in (7, 8):
        frame = Frame()
        frame.ping.nonce = nonce
        host.send(frame)
        pong = host.next(0, "pong")
        assert pong.nonce == nonce
        ticks.append(pong.ticks)
    assert ticks[0] < ticks[1]
