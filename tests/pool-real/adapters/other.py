"""A tool that only this adapter has."""

import os

from snakepit_bridge import tool


@tool
def only_here() -> int:
    """This worker."""
    return os.getpid()
