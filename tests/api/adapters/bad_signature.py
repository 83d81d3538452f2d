"""A tool that cannot be served: it takes a parameter without a name."""

from snakepit_bridge import tool


@tool
def add(a: int, /, b: int) -> int:
    return a + b
