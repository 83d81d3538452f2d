"""Async tools on one loop, and tools that raise on their way out."""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any

from snakepit_bridge import tool

__thread_safe__ = True

who = ContextVar("who", default="nobody")


async def part(arguments: list[str]) -> dict:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int)
    return vars(parser.parse_args(arguments))


@tool
async def parses(arguments: list[str]) -> list:
    """A wrong argument is a SystemExit of argparse, in a task that is not the call's own."""
    return list(await asyncio.gather(part(arguments), part([])))


@tool
async def naps(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "unharmed"


@tool
def plain() -> str:
    return "plain"


@tool
def says(name: str) -> str:
    """What the call before has said, and what this one says."""
    before = who.get()
    who.set(name)
    return before


@tool
async def breaks_the_loop() -> None:
    loop: Any = asyncio.get_running_loop()
    loop._selector.close()
    await asyncio.sleep(60)


@tool
def saves() -> None:
    print("there", flush=True)
    try:
        time.sleep(60)
    finally:
        raise ValueError("the checkpoint was not written")


@tool
def streams() -> Iterator[int]:
    try:
        yield from range(1000)
    finally:
        raise ValueError("the checkpoint was not written")


@tool
async def streams_async() -> AsyncIterator[int]:
    try:
        for n in range(1000):
            yield n
    finally:
        raise ValueError("the checkpoint was not written")


@tool
def leaves() -> None:
    print("there", flush=True)
    time.sleep(60)


def hidden(function: Callable[..., Any]) -> Callable[..., Any]:
    def tool_function() -> Any:
        return function()

    tool_function.__name__ = function.__name__
    return tool_function


@tool
@hidden
def counts() -> Any:
    yield from range(3)


@tool
@hidden
async def answers() -> Any:
    return 5
