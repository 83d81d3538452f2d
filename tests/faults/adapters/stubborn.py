"""Tools that do not want to be left."""

import ctypes
import os
import time
from collections.abc import Iterator

from snakepit_bridge import context, tool


@tool
def pid() -> int:
    """Process id of the worker."""
    return os.getpid()


@tool
def hides_everything() -> Iterator[str]:
    """Catch whatever is raised, for ever."""
    yield "begun"
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            continue


@tool
def blocks_in_c() -> Iterator[str]:
    """Wait in a C function that does not return when a signal comes, without the GIL."""
    yield "begun"
    libc = ctypes.CDLL(None)
    for _ in range(1_000_000):
        libc.usleep(1_000_000)


@tool
def holds_the_gil() -> Iterator[str]:
    """Wait in a C function that keeps the GIL: nothing else in this process runs."""
    yield "begun"
    with context.shield():
        time.sleep(0.2)  # whoever sends the chunk needs the GIL once more
        ctypes.PyDLL(None).sleep(600)


@tool
def shielded_for_ever() -> Iterator[str]:
    """Hold back every interrupt."""
    yield "begun"
    with context.shield():
        while True:
            time.sleep(0.01)
