"""Tools that are slow to leave, each in its own way. When they are entered and left is written down."""

import asyncio
import ctypes
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from snakepit_bridge import context, tool

_fd = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND)
_libc = ctypes.CDLL(None)


def _note(call: str, kind: str) -> None:
    event = {"side": "worker", "call": call, "at": time.monotonic() * 1000, "kind": kind, "worker": str(os.getpid())}
    os.write(_fd, json.dumps(event).encode() + b"\n")


@contextmanager
def _inside(call: str) -> Iterator[None]:
    started = ended = False
    try:
        with context.shield():
            _note(call, "start")
            started = True
        yield
    finally:
        # An interrupt may land on the way to the first of the two.
        try:
            with context.shield():
                if started and not ended:
                    ended = True
                    _note(call, "end")
        finally:
            with context.shield():
                if started and not ended:
                    _note(call, "end")


@tool
def sleeps(call: str) -> None:
    """Blocks for longer than anybody waits."""
    with _inside(call):
        time.sleep(60)


@tool
def cleans_up(call: str) -> None:
    """The same, and takes its time to leave."""
    with _inside(call):
        try:
            time.sleep(60)
        finally:
            with context.shield():
                time.sleep(0.01)


@tool
def in_c(call: str) -> None:
    """Goes on for a while whatever happens: a C function that a signal does not end."""
    with _inside(call):
        deadline = time.monotonic() + 0.02
        with context.shield():
            while time.monotonic() < deadline:
                _libc.usleep(5000)


@tool
def hides_one(call: str) -> None:
    """Swallows the first interrupt, and leaves a little later."""
    with _inside(call):
        try:
            time.sleep(60)
        except BaseException:
            with context.shield():
                time.sleep(0.01)


@tool
async def lingers(call: str) -> None:
    """Waits on the event loop, and has something to await on its way out."""
    with _inside(call):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.004)


@tool
async def quick_later(call: str) -> str:
    """A moment on the event loop."""
    with _inside(call):
        await asyncio.sleep(0.001)
        return call


@tool
def quick(call: str) -> str:
    """A moment that blocks."""
    with _inside(call):
        time.sleep(0.001)
        return call


@tool
async def yields(call: str) -> AsyncIterator[int]:
    """Numbers for ever."""
    with _inside(call):
        number = 0
        while True:
            yield number
            number += 1
            await asyncio.sleep(0)
