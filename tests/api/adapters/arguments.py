"""Tools whose hints say more than a decoder can check."""

import dataclasses
import enum
import functools
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import pydantic

from snakepit_bridge import tool


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Circle:
    radius: float


@dataclasses.dataclass
class Square:
    side: float


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = []


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **keywords: Any) -> Any:
        return function(*args, **keywords)

    return wrapper


@tool
def search(text: str, limit: int = None) -> Any:
    return [text, limit]


@tool
def save(content: bytes) -> str:
    return content.hex()


@tool
def weigh(weights: dict[int, float], days: dict[date, int] = {}) -> Any:
    return [sum(weights), [day.isocalendar().week for day in days]]


@tool
def on(day: date) -> str:
    return repr(day)


@tool
def mean(values: list[float]) -> Any:
    return [type(values).__name__, sum(values) / len(values)]


@tool
def shapes(shapes: list[Circle | Square]) -> list[str]:
    return [type(shape).__name__ for shape in shapes]


@tool
def pets(pets: list[Cat | Dog]) -> list[str]:
    return [type(pet).__name__ for pet in pets]


@tool
def paint(color: Color | int, coats: Annotated[int, pydantic.Field(gt=0)] = 1) -> str:
    return repr(color)


@tool
@timed
def count(n: int = 3) -> Any:
    for i in range(n):
        yield i


@tool
@timed
async def later() -> int:
    return 5


@tool
def unchecked(callback: Callable[[int], int], other: "Nowhere" = 1) -> Any:  # noqa: F821
    return [callback, other]
