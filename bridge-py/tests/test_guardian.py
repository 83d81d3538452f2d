"""Nothing outlives the host, and the worker's end is told as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from fixtures.spawns import FACTS
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
        pids = [int(word) for word in stand_in.stdout.readline().split()[:-1]]
        assert len(pids) == 5
        assert all(map(alive, pids))
        os.kill(stand_in.pid, number)
        stand_in.wait(LIMIT_S)
        wait_gone(pids)


@pytest.mark.proves("CLEAN-01")
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR2, signal.SIGRTMIN])
def test_a_host_that_dies_of_a_signal_to_its_group_leaves_nothing(number: int) -> None:
    with _host_in_a_group() as (stand_in, pids, folder):
        os.killpg(stand_in.pid, number)
        assert stand_in.wait(LIMIT_S) == -number
        wait_gone(pids)
        assert not folder.exists()


@pytest.mark.proves("CLEAN-01", "CLEAN-02")
def test_no_signal_to_the_host_s_group_is_meant_for_its_workers() -> None:
    """The host listens for all of them."""
    with _host_in_a_group(listens=True) as (stand_in, pids, folder):
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            os.killpg(stand_in.pid, number)
        assert stand_in.stdin is not None
        assert stand_in.stdout is not None
        stand_in.stdin.write("\n")
        stand_in.stdin.flush()
        assert stand_in.stdout.readline() == "a worker answers\n"
        assert all(map(alive, pids))
        stand_in.kill()
        wait_gone(pids)
        assert not folder.exists()


@pytest.mark.proves("CLEAN-01")
def test_no_signal_but_sigterm_reaches_the_worker_through_its_guardian() -> None:
    deadly = {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM}
    with _host_in_a_group() as (stand_in, pids, folder):
        for number in signal.valid_signals() - deadly:
            os.kill(pids[0], number)
        assert all(map(alive, pids))
        stand_in.kill()
        wait_gone(pids)
        assert not folder.exists()


@pytest.mark.proves("CLEAN-01")
@pytest.mark.parametrize("ends", ["stopped and killed", "killed with its group stopped", "hung up"])
def test_a_host_that_is_stopped_first_leaves_nothing(ends: str) -> None:
    with _host_in_a_group() as (stand_in, pids, folder):
        os.killpg(stand_in.pid, signal.SIGSTOP) if "group" in ends else stand_in.send_signal(signal.SIGSTOP)
        if ends == "hung up":
            # What the system sends to a stopped job that nobody can continue.
            os.killpg(stand_in.pid, signal.SIGHUP)
            os.killpg(stand_in.pid, signal.SIGCONT)
        else:
            stand_in.kill()
        stand_in.wait(LIMIT_S)
        wait_gone(pids)
        assert not folder.exists()


@pytest.mark.proves("CLEAN-01", "PROC-02")
def test_guardian_and_worker_have_groups_of_their_own_in_a_session_of_their_own(attach: Callable[..., Host]) -> None:
    host = attach("spawns.py")
    guardian = host.process.popen.pid
    assert os.getsid(guardian) == os.getsid(host.pid) == guardian
    assert os.getpgid(guardian) == guardian
    assert os.getpgid(host.pid) == host.pid
    # What programs do to end their children: it hits the worker, and nobody above it.
    host.start("signal_own_group", {"number": int(signal.SIGKILL)})
    assert host.process.popen.wait(LIMIT_S) == -signal.SIGKILL


@pytest.mark.proves("PROC-02")
def test_a_worker_and_its_children_have_the_signals_of_a_script(attach: Callable[..., Host]) -> None:
    script = json.loads(subprocess.run([sys.executable, "-c", FACTS], stdout=subprocess.PIPE, check=True).stdout)
    host = attach("spawns.py")
    worker, child = host.call("dispositions")
    assert child == script
    assert worker["blocked"] == script["blocked"]
    assert worker["ignored"] == script["ignored"]


@pytest.mark.proves("CLEAN-01")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start what it may not signal")
def test_a_child_that_may_not_be_signalled_does_not_keep_the_others() -> None:
    ran = subprocess.run([sys.executable, "-c", _FOREIGN], stdout=subprocess.PIPE, check=True, env=_ENVIRONMENT)
    told = json.loads(ran.stdout)
    try:
        assert alive(told["foreign"])
        assert not alive(told["own"])
        assert told["seconds"] < LIMIT_S
    finally:
        os.kill(told["foreign"], signal.SIGKILL)


_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

# A guardian without rights, above a child of root's and one of its own.
_FOREIGN = """
import ctypes, json, os, signal, sys, time
from snakepit_bridge import _guardian
def child():
    pid = os.fork()
    if pid == 0:
        os.close(1)
        signal.pause()
    return pid
foreign = child()
os.setresuid(65534, 65534, 65534)
own = child()
dead = os.fork()
if dead == 0:
    os._exit(0)
guardian = _guardian._Guardian(dead, None)
guardian._wake, guardian._write = os.pipe()
began = time.monotonic()
guardian._clear()
print(json.dumps({"foreign": foreign, "own": own, "seconds": time.monotonic() - began}))
"""


@contextmanager
def _host_in_a_group(listens: bool = False) -> Iterator[tuple[subprocess.Popen[str], list[int], Path]]:
    """A host with a process group of its own, as a terminal makes one; who is below it, and its worker's folder."""
    stand_in = subprocess.Popen(
        [sys.executable, "-c", _STAND_IN, *(["listens"] if listens else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**_ENVIRONMENT, "PYTHONFAULTHANDLER": ""},
        text=True,
        preexec_fn=_lead_a_group,  # noqa: PLW1509 - nothing else runs in this process's fork
    )
    assert stand_in.stdin is not None
    assert stand_in.stdout is not None
    with stand_in.stdin, stand_in.stdout:
        *pids, folder = stand_in.stdout.readline().split()
        family = [int(pid) for pid in pids]
        assert len(family) == 5
        try:
            yield stand_in, family, Path(folder)
        finally:
            stand_in.kill()
            stand_in.wait(LIMIT_S)
            for pid in filter(alive, family):
                os.kill(pid, signal.SIGKILL)


_STAND_IN = """
import signal, sys
from host import Host
host = Host("spawns.py")
if sys.argv[1:]:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
        signal.signal(number, lambda *_: None)
print(host.process.popen.pid, *host.call("spawn"), host.process.directory, flush=True)
if sys.stdin.readline():
    host.call("spawn")
    print("a worker answers", flush=True)
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
    host = attach("spawns.py", transport="grpc")
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


def _lead_a_group() -> None:
    os.setpgid(0, 0)
    _no_core()


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
