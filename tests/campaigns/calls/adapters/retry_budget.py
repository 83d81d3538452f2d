"""Tools that always fail. Each run is one byte in a file."""

import os
import signal

from snakepit_bridge import tool

_fd = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND)


@tool
def raises() -> None:
    """Raise, every time."""
    os.write(_fd, b".")
    raise ConnectionError("every time")


@tool
def dies() -> None:
    """Take the worker along, every time."""
    os.write(_fd, b".")
    os.kill(os.getpid(), signal.SIGKILL)
