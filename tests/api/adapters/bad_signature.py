"""A tool that cannot be served: arguments are sent by name."""

from snakepit_bridge import tool


@tool
def add(*numbers: int) -> int:
    return sum(numbers)
