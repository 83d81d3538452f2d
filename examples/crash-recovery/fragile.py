"""Tools that do their work, and tools that take their process with them, as bugs in C libraries and the system do."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from snakepit_bridge import tool

# Outlives every worker: what was done before a process died is still to be read here.
JOURNAL = Path(os.environ["JOURNAL"])


class Rendered(TypedDict):
    """A frame, and what it took."""

    frame: int
    run: int
    pid: int


class Decoded(TypedDict):
    """An image."""

    name: str
    pixels: int


@tool
def count(to: int, pause: float) -> Iterator[int]:
    """Count, at a steady pace: work that others' crashes should not disturb."""
    for number in range(1, to + 1):
        yield number
        time.sleep(pause)


@tool
def read_sensor() -> bytes:
    """Read from a sensor, with a library that reads where nothing is."""
    return ctypes.string_at(0)


@tool
def render(frame: int) -> Rendered:
    """Render a frame. The first process that tries it is killed, as the system does when memory runs out."""
    run = 1 + written(f"render {frame}")
    write(f"render {frame}")
    if run == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"frame": frame, "run": run, "pid": os.getpid()}


@tool
def transfer(amount: int) -> None:
    """Book an amount, and die of a failed assertion before anybody is told."""
    write(f"transfer {amount}")
    os.abort()


@tool
def decode(name: str, *, damaged: bool) -> Decoded:
    """Decode an image; one that is damaged makes the decoder read where nothing is."""
    if damaged:
        ctypes.string_at(0)
    time.sleep(0.02)
    return {"name": name, "pixels": 640 * 480}


@tool
def naps() -> Iterator[int]:
    """Tell this process's id, and sleep for longer than anybody waits."""
    yield os.getpid()
    time.sleep(600)


def write(line: str) -> None:
    """Write a line into the journal."""
    with JOURNAL.open("a") as file:
        file.write(f"{line}\n")


def written(line: str) -> int:
    """How often a line is in the journal."""
    return JOURNAL.read_text().splitlines().count(line)
