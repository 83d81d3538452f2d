"""Tools that write wherever one can write."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from snakepit_bridge import context, tool

print("printed at import")
logging.getLogger("vendor.lib").warning("warned at import")


@tool
def call_id() -> int:
    """The number of the call."""
    return context.call_id


@tool
def prints() -> int:
    """Python's own ways."""
    print("printed", 1, "line")
    print("no newline", end="")
    sys.stderr.write("to stderr\n")
    sys.stdout.buffer.write(b"bytes \xff\n")
    logging.getLogger("vendor.lib").error("logged %d", 2)
    context.logger.debug("by the context")
    return context.call_id


@tool
def below_python() -> None:
    """What Python's streams never see."""
    os.write(1, b"from C\n")
    os.write(2, b"from C, loud\n")
    subprocess.run(["echo", "from a child"], check=True)


@tool
def prints_between(n: int) -> Iterator[int]:
    """Prints between its chunks, on every level."""
    for index in range(n):
        print(f"chunk {index}")
        os.write(1, b'{"snakepit": 1}\n')
        yield index


@tool
def forges() -> None:
    """Lines that would like to be others."""
    print("one\r\x1b[2Ktwo\u2028three\u202efour\x00five\x85six")
    os.write(1, b"\x1b]52;c;Zm9v\x07raw\xff\n")


@tool
def floods(lines: int) -> None:
    """Prints very much."""
    os.write(1, b"x" * 100 + b"\n")
    for _ in range(lines // 100):
        os.write(1, (b"y" * 99 + b"\n") * 100)


@tool
def long_line(size: int) -> None:
    """One line without an end."""
    os.write(1, b"z" * size)
    os.write(1, b"\n")


@tool
def closes_stdout() -> str:
    """Breaks its own output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = None  # type: ignore[assignment]
    print("nowhere")
    return "fine"


@tool
def thread() -> list[Any]:
    """Where this runs."""
    return [threading.current_thread() is threading.main_thread(), threading.current_thread().name]


@tool
async def loop_thread() -> list[Any]:
    """Where this runs."""
    return [threading.current_thread() is threading.main_thread(), threading.current_thread().name]


@tool
def documented(path: str, rows: int = 10, *, names: list[str] | None = None) -> list[dict]:
    """Reads rows.

    Args:
        path: the file to read
        rows: how many
    """
    return [{"path": path, "rows": rows, "names": names}]
