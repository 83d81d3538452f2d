"""Tools by which a worker gives signs of life, or none."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator

from snakepit_bridge import tool


@tool
def pid() -> int:
    """Process id of the worker."""
    return os.getpid()


@tool
def works_hard(ms: int) -> int:
    """Hold the GIL in a C function for so long; then say who did."""
    ctypes.PyDLL(None).usleep(ms * 1000)
    return os.getpid()


@tool
def stops_itself() -> None:
    """Suspend the whole process."""
    os.kill(os.getpid(), signal.SIGSTOP)


@tool
def counts(n: int, ms: int) -> Iterator[int]:
    """Yield one number after another, with a pause between them."""
    for number in range(n):
        yield number
        time.sleep(ms / 1000)
