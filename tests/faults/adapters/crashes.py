"""Tools that take their worker with them."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator

from snakepit_bridge import tool


@tool
def whoami() -> int:
    """This worker."""
    return os.getpid()


@tool
def crash_mid_stream(after: int, number: int) -> Iterator[int]:
    """Dies of a signal between two chunks; the ones before it were taken."""
    for index in range(after):
        yield index
    os.write(2, b"last words\n")
    os.kill(os.getpid(), number)


@tool
def exits(code: int) -> None:
    """Leaves in the middle of a call."""
    os.write(2, b"out of licences\n")
    os._exit(code)


@tool
def segfaults() -> None:
    """Reads where nothing is."""
    ctypes.string_at(0)


@tool
def speaks_and_dies(number: int) -> None:
    """Prints, and is dead in the next moment: nobody could have sent it."""
    print("password=hunter2 said last on stdout")
    print("said last on stderr", file=sys.stderr)
    logging.getLogger("app").warning("logged last")
    os.kill(os.getpid(), number)


@tool
def prints_and_dies(lines: int) -> None:
    """Prints many lines, and is dead after the last."""
    for number in range(lines):
        print(f"line {number}")
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def aborts() -> None:
    """As an assertion in C does."""
    os.abort()


@tool
def killed_from_outside() -> None:
    """As the system does when memory runs out."""
    print("about to be killed")
    sys.stdout.flush()
    signal.pause()


@tool
def exits_in_a_thread(code: int) -> None:
    """Another thread ends the process."""
    import threading

    threading.Thread(target=lambda: os._exit(code)).start()
    signal.pause()


@tool
async def waits() -> None:
    """Until it is cancelled."""
    await asyncio.Event().wait()


@tool
async def counts_slowly() -> AsyncIterator[int]:
    """One number, and then for long none."""
    yield 1
    await asyncio.Event().wait()
