"""Tools for several threads: what waits, what computes, and what will not be left."""

import ctypes
import os
import threading
import time
from collections.abc import Iterator

from snakepit_bridge import ThreadSafeAdapter, context, tool


class Threads(ThreadSafeAdapter):
    """Its table stands for a model: loaded once, used by all threads."""

    def initialize(self) -> None:
        self.table = list(range(1000))
        self.four = threading.Barrier(4)

    @tool
    def meet(self) -> dict:
        """Return when four calls are here."""
        self.four.wait(10)
        return {"thread": threading.current_thread().name, "pid": os.getpid(), "table": id(self.table)}

    @tool
    def pid(self) -> int:
        return os.getpid()

    @tool
    def spins(self) -> Iterator[str]:
        """Compute for ever, and never look whether somebody still wants it."""
        yield "begun"
        while True:
            sum(self.table)

    @tool
    def sleeps(self, seconds: float) -> Iterator[int]:
        """Sleep in one go: nobody can wake a thread."""
        yield os.getpid()
        time.sleep(seconds)
        yield os.getpid()

    @tool
    def counts(self, n: int) -> Iterator[int]:
        for index in range(n):
            yield index

    @tool
    def library_threads(self) -> str:
        # Libraries ask C; Python's `os.environ` is the user's.
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_char_p
        return getenv(b"OMP_NUM_THREADS").decode()

    @tool
    def who(self) -> str:
        """The session of this call, asked for from several threads at once."""
        self.four.wait(10)
        return context.session_id
