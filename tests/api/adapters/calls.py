"""Tools for single values."""

import os
from typing import Any

from snakepit_bridge import context, tool


@tool
def add(a: int, b: int = 2) -> int:
    """Adds two numbers."""
    return a + b


@tool
def echo(value: Any) -> Any:
    """Gives back what came."""
    return value


@tool
async def later(value: Any) -> Any:
    """Gives back what came, from the event loop."""
    return value


@tool
def about_call() -> dict:
    """What the tool knows of its call."""
    return {"metadata": dict(context.metadata), "left": context.time_left, "worker": context.worker_id}


@tool
def whoami() -> int:
    """The process that runs this."""
    return os.getpid()


class ShopError(ValueError):
    """An exception with bases of its own."""


@tool
def fails(message: str = "no such thing") -> None:
    """Raises with a cause and a note."""
    try:
        {}["missing"]
    except KeyError as cause:
        error = ShopError(message)
        if hasattr(error, "add_note"):
            error.add_note("look in the cellar")
        raise error from cause


@tool
def gives_up(kind: str) -> None:
    """Raises what is no Exception."""
    raise {"exit": SystemExit(0), "keyboard": KeyboardInterrupt(), "generator": GeneratorExit()}[kind]


@tool
def time_left() -> float | None:
    """Seconds until its deadline; None without one."""
    return context.time_left
