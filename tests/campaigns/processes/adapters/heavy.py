"""Takes its time to be imported, in a C function that keeps the interpreter locked."""

import ctypes
import os

from snakepit_bridge import tool

ctypes.PyDLL(None).usleep(int(os.environ["IMPORT_MS"]) * 1000)


@tool
def pid() -> int:
    """This worker."""
    return os.getpid()
