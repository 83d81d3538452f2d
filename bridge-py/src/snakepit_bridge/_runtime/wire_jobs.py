"""What the main thread does next, where it reads the wire itself while it has nothing else to do.

A call that comes is run by the thread that has read it: no other thread has to wake up. While a tool runs for longer
than a moment, a thread of its own reads in the main thread's place, so that a cancel is heard.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import sleep

from snakepit_bridge._wire.pipe import Pipe

Job = Callable[[], None] | None

# How long the main thread may keep to a job before somebody else reads.
_MOMENT_S = 0.001
# After so many moments without work nobody looks any more, until there is some again.
_QUIET = 10


class WireJobs:
    """A queue of jobs for one thread, which reads the wire while the queue is empty."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._pipe: Pipe | None = None
        self._over: Callable[[BaseException | None], None]
        # Held by whoever reads.
        self._reading = threading.Lock()
        # True while the main thread reads the wire, or is about to.
        self._waiting = False
        # Counts what the main thread has read: tells from outside whether it comes to it.
        self._reads = 0
        self._wake = _Bell()
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        # How the other reader is made to give the wire back, and where it rests.
        self._back = _Bell()
        self._resting = False
        self._rest: SimpleQueue[None] = SimpleQueue()

    def read(self, pipe: Pipe, over: Callable[[BaseException | None], None]) -> None:
        """From now on the wire is read too. To be called before ``get``.

        ``over`` is called when the other side has ended, or with what it did wrong.
        """
        self._pipe, self._over = pipe, over
        self._poll.register(pipe, select.POLLIN)
        threading.Thread(target=self._stand_in, name="snakepit-reader", daemon=True).start()

    def put(self, job: Job) -> None:
        """Puts a job at the end. For any thread."""
        self._jobs.append(job)
        if self._waiting:
            self._wake.ring()

    def empty(self) -> bool:
        """True when no job waits."""
        return not self._jobs

    def get(self) -> Job:
        """The next job; reads the wire until there is one. For the main thread."""
        jobs = self._jobs
        if not jobs:
            self.read_until(jobs.__len__)
        return jobs.popleft()

    def read_until(self, ready: Callable[[], object]) -> None:
        """Reads the wire until something is so; what waits to be sent leaves first. For the main thread."""
        # Said before the lock is looked at, so that nobody begins to read in this moment.
        self._waiting = True
        if not self._reading.acquire(blocking=False):
            self._back.ring()
            self._reading.acquire()
        try:
            while not ready():
                if (pipe := self._pipe) is not None:
                    pipe.flush()
                self._reads += 1
                self._read(self._poll, self._wake)
        finally:
            self._waiting = False
            self._reading.release()
        if self._resting:
            self._resting = False
            self._rest.put(None)

    def _read(self, poll: select.poll, bell: _Bell) -> None:
        """Waits for the wire or the bell, and takes in what has come."""
        for fd, _ in poll.poll():
            if fd == bell.fileno():
                bell.hush()
            elif (pipe := self._pipe) is not None:
                self._receive(pipe)

    def _receive(self, pipe: Pipe) -> None:
        fault: BaseException | None = None
        try:
            if pipe.receive():
                return
        except OSError:
            pass
        except BaseException as error:
            fault = error
        self._pipe = None
        self._poll.unregister(pipe)
        self._over(fault)

    def _stand_in(self) -> None:
        quiet = 0
        while self._pipe is not None:
            before = self._reads
            sleep(_MOMENT_S)
            if self._waiting:
                quiet += 1
                if quiet >= _QUIET:
                    self._sleep()
                    quiet = 0
            elif self._reads == before:
                quiet = 0
                self._read_meanwhile()

    def _sleep(self) -> None:
        self._resting = True
        # Where the main thread went to work in this very moment, it may not have seen that somebody rests.
        if self._waiting:
            self._rest.get()
        self._resting = False

    def _read_meanwhile(self) -> None:
        """Reads until the main thread wants to."""
        pipe = self._pipe
        if pipe is None or not self._reading.acquire(blocking=False):
            return
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        poll.register(self._back, select.POLLIN)
        try:
            while self._pipe is not None and not self._waiting:
                self._read(poll, self._back)
        finally:
            self._reading.release()


class _Bell:
    """Wakes a thread that polls."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        """What is polled."""
        return self._read

    def ring(self) -> None:
        """For any thread."""
        with suppress(BlockingIOError):  # it rings already
            os.write(self._write, b"\0")

    def hush(self) -> None:
        """For the thread that was woken."""
        with suppress(BlockingIOError):
            os.read(self._read, 4096)
