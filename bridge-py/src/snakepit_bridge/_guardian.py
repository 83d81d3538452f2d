"""The guardian: a process above the worker that leaves nothing behind.

Killing the host must end everything that the worker has started, also what put itself into another session or was
forked twice. The guardian is the subreaper of that whole tree: whoever loses its parent becomes the guardian's child,
so killing its children until there are none clears everything. It signals nobody else. A child that was not reaped yet
keeps its number, so a signal never hits a stranger. It also removes the worker's socket and the folder that the host
has made for it, which a host that was killed cannot do.

What is sent to the host's process group, by a terminal, a shell or a supervisor, is not meant for it: it has a session
of its own, and ignores every signal but two. The worker has a process group of its own in that session, and the signals
of an ordinary Python process.

It runs nothing but the lines below: it is forked before the first thread and the first heavy import.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from time import monotonic

# Known to type checkers; `typing` itself is left to the worker.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# What the worker gets to begin its end once the host is gone, and to be through with it when it has begun.
_LEAVE_S = 0.1
_END_S = 1.0
# A process in an uninterruptible wait may stay that long; nobody could do more about it.
_CLEAR_S = 10.0

# Where the guardian keeps its end of the pipe that the worker tells of its end by.
_NOTICE = 3

_LINUX = sys.platform == "linux"
_HANG_UP = getattr(select, "POLLRDHUP", 0)


# What a folder's name begins with that the host has made for one worker.
_FOLDER = "snakepit-"


def split(socket: str | None = None) -> int:
    """Forks. Returns in the worker; the guardian never returns. ``socket`` is the path that it removes in the end.

    What is returned is a descriptor: a byte that is written there tells the guardian that the worker's end has begun.
    """
    # Nothing may arrive before it is clear who is who.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        os.setsid()
    except PermissionError:
        pass  # the host has seen to it
    if _LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guardian = os.getpid()
    notice, told = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(notice)
        _become_worker(guardian)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return told
    try:
        _Guardian(worker, socket).watch(notice, before)
    finally:
        os._exit(70)  # not reached: `watch` leaves by itself


def _become_worker(guardian: int) -> None:
    if _LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # A tool that signals its own group, as programs do to end their children, must not hit the guardian. Without
    # subreapers the group also is what can be killed. No session: its leader may get a terminal by opening one.
    os.setpgid(0, 0)
    if os.getppid() != guardian:
        os._exit(0)  # it died before it could be asked for


class _Guardian:
    def __init__(self, worker: int, socket: str | None) -> None:
        self._worker = worker
        self._socket = socket
        # None while the worker runs.
        self._status: int | None = None
        # True when the host is gone, or has no more to say; and when it waits for the worker no longer.
        self._gone = False
        self._hurried = False

    def watch(self, notice: int, mask: set[int | signal.Signals]) -> None:
        self._take_descriptors(notice)
        self._take_signals(mask)
        poll = select.poll()
        poll.register(0, _HANG_UP)
        poll.register(self._wake, select.POLLIN)
        while self._status is None:
            for fd, _ in poll.poll():
                if fd == self._wake:
                    self._drain_wake()
                    self._reap()
                else:
                    poll.unregister(0)
                    self._let_leave()
        _remove(self._socket)
        self._clear()
        self._leave()

    def _take_descriptors(self, notice: int) -> None:
        # The host waits for the end of these; only the worker may hold them. Numbers 1 and 2 stay taken, so that
        # nothing else gets them by chance.
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.dup2(notice, _NOTICE)
        os.closerange(_NOTICE + 1, 4096)
        self._wake, self._write = os.pipe()
        for fd in (self._wake, self._write):
            os.set_blocking(fd, False)

    def _take_signals(self, mask: set[int | signal.Signals]) -> None:
        # A true fault kills all the same: the system does not let anybody ignore one.
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass  # the system keeps it for itself
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: self._terminate())
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # The worker may have died while signals were blocked.
        os.write(self._write, b"\0")

    def _drain_wake(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass

    def _terminate(self) -> None:
        # Who has closed the worker's input before knows that it was to end.
        self._hurried = self._gone
        self._signal_worker(signal.SIGTERM)

    def _signal_worker(self, number: int) -> None:
        if self._status is None:
            os.kill(self._worker, number)

    def _reap(self) -> bool:
        """Takes the dead. False when there is no child left at all."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._worker:
                self._status = status

    def _let_leave(self) -> None:
        """The host is gone: the worker has a moment, and a longer one to end in order. Then all are killed."""
        self._gone = True
        self._wait_for_child(_LEAVE_S, self._is_over)
        if not self._is_over() and _is_ready(_NOTICE):
            self._wait_for_child(_END_S, self._is_over)
        self._kill_group()
        self._signal_worker(signal.SIGKILL)

    def _is_over(self) -> bool:
        return self._status is not None or self._hurried

    def _clear(self) -> None:
        """Kills children until none is left that it may signal; each death hands over the next generation."""
        deadline = monotonic() + _CLEAR_S
        foreign: set[int] = set()
        while self._reap() and monotonic() < deadline:
            for pid in (children := _children()):
                try:
                    os.kill(pid, signal.SIGKILL)
                    foreign.discard(pid)
                except PermissionError:
                    foreign.add(pid)  # another user's: a program that runs with rights of its own
            if children and foreign.issuperset(children):
                return
            self._wait_for_child(0.02, lambda: True)

    def _wait_for_child(self, seconds: float, enough: Callable[[], bool]) -> None:
        deadline = monotonic() + seconds
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        while (left := deadline - monotonic()) > 0:
            if poll.poll(left * 1000):
                self._drain_wake()
                self._reap()
                if enough():
                    return

    def _kill_group(self) -> None:
        if not _LINUX and self._status is None:
            try:
                os.killpg(self._worker, signal.SIGKILL)
            except OSError:
                pass

    def _leave(self) -> None:
        """Ends the way the worker ended, so that the host reads its status."""
        status = self._status or 0
        if os.WIFSIGNALED(status):
            _no_core()
            number = os.WTERMSIG(status)
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
            os.kill(os.getpid(), number)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _is_ready(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    # A pipe whose other end was closed has nothing to say.
    return any(events & select.POLLIN for _, events in poll.poll(0))


def _children() -> list[int]:
    """Living and dead children of this process that were not reaped."""
    pids: list[int] = []
    try:
        for task in os.listdir("/proc/self/task"):
            # Bytes: the text of a file needs a codec, which is a module that may be gone by now.
            with open(f"/proc/self/task/{task}/children", "rb") as file:
                pids += map(int, file.read().split())
    except OSError:
        pass  # no /proc, or a kernel without this file: the worker itself is dead, more cannot be known
    return pids


def _remove(socket: str | None) -> None:
    """Removes a socket and its folder, and nothing else: whatever is not as the host has made it stays."""
    if socket is None:
        return
    folder = os.path.dirname(socket)
    for remove, path in ((os.unlink, socket), (os.rmdir, folder)):
        try:
            if os.path.basename(folder).startswith(_FOLDER):
                remove(path)
        except OSError:
            pass  # the host has done it, or nothing was bound yet


def _no_core() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    # A sandbox may forbid it; the lifeline still works then.
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
