"""Tools that do what they are told: a measure of whether anything else did harm."""

import os
import time
from collections.abc import Iterator
from typing import Any

from snakepit_bridge import context, tool


@tool
def whoami() -> int:
    """The process that runs this."""
    return os.getpid()


@tool
def echo(value: Any = None) -> Any:
    """Gives back what came."""
    return value


@tool
def size_of(value: Any) -> int:
    """How many elements came."""
    return len(value)


@tool
def numbers(n: int) -> Iterator[int]:
    """Counts."""
    yield from range(n)


@tool
def waits() -> None:
    """Does not come back by itself."""
    time.sleep(600)


@tool
def count_in_session() -> int:
    """Counts the calls of a session."""
    context.state["n"] = context.state.get("n", 0) + 1
    return context.state["n"]


@tool
def about() -> dict[str, Any]:
    """What the tool knows of its call."""
    return {"metadata": dict(context.metadata), "session": context.session_id, "left": context.time_left}
