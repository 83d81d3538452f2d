"""Leaves everything to the end of the process, as scripts may."""

import atexit
import ctypes
import threading
import time
from pathlib import Path
from typing import Any

from snakepit_bridge import tool

kept: list[Any] = []


@tool
def ping() -> None:
    """Nothing."""


@tool
def leaves_all_open(folder: str) -> None:
    """A file with a line, a function for the end, and a thread that still works then."""
    rows = open(f"{folder}/rows", "w")  # noqa: SIM115 - that is what it is about
    rows.write("1,2,3\n")
    kept.append(rows)

    def at_exit() -> None:
        Path(folder, "atexit").write_text("called")
        print("said at exit")

    def work() -> None:
        threading.main_thread().join(0.2)
        Path(folder, "thread").write_text("done")

    atexit.register(at_exit)
    threading.Thread(target=work).start()


def waits_for_ever() -> None:
    """A function whose name is told."""
    threading.Event().wait()


class _Hangs:
    def __del__(self) -> None:
        time.sleep(600)


@tool
def hangs_in_the_end(how: str) -> None:
    """Keeps the process from its end."""
    if how == "thread":
        threading.Thread(target=waits_for_ever).start()
    elif how == "atexit":
        atexit.register(waits_for_ever)
    elif how == "gil":
        atexit.register(lambda: ctypes.PyDLL(None).sleep(600))
    else:
        kept.append(_Hangs())
