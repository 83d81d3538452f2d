"""Tools that are busy in every way there is, on a table that takes a while to build and is built once."""

import asyncio
import os
import time
from array import array
from collections.abc import Iterator
from typing import TypedDict

from snakepit_bridge import BaseAdapter, context, tool

SIZE = 5_000_000


class Factored(TypedDict):
    """A number and the primes that it is made of."""

    number: int
    primes: list[int]


class Status(TypedDict):
    """What this worker is, what it holds, and when each tool was left, in seconds since 1970."""

    pid: int
    size: int
    built_in: float
    left_at: dict[str, float]


class Factors(BaseAdapter):
    """Stands for whatever loads a model: the table is what a cancelled call must not cost."""

    def initialize(self) -> None:
        """Find the smallest prime factor of each number below ``SIZE``."""
        began = time.perf_counter()
        smallest = array("I", range(SIZE))
        for prime in range(2, int(SIZE**0.5) + 1):
            if smallest[prime] == prime:
                for multiple in range(prime * prime, SIZE, prime):
                    if smallest[multiple] == multiple:
                        smallest[multiple] = prime
        self.smallest = smallest
        self.built_in = time.perf_counter() - began
        self.left_at: dict[str, float] = {}

    @tool
    def status(self) -> Status:
        """Tell what this worker holds and what it went through."""
        size = len(self.smallest)
        return {"pid": os.getpid(), "size": size, "built_in": self.built_in, "left_at": self.left_at}

    @tool
    def factor_all(self, start: int) -> Iterator[Factored]:
        """Yield one number after the other, for as long as somebody wants them."""
        number = start
        try:
            while True:
                yield {"number": number, "primes": self.primes(number)}
                number = (number + 1) % SIZE or 2
        finally:
            self.left("factor_all")

    @tool
    def sleeps(self) -> None:
        """Do nothing for ten minutes."""
        try:
            context.progress(step="asleep")
            time.sleep(600)
        finally:
            self.left("sleeps")

    @tool
    def loops(self) -> None:
        """Look things up in a tight loop that never ends, and never asks whether it should."""
        number = 2
        try:
            while True:
                number = (number + self.smallest[number]) % SIZE or 2
        finally:
            self.left("loops")

    @tool
    async def awaits(self) -> None:
        """Wait for what never comes."""
        try:
            context.progress(step="waiting")
            await asyncio.Event().wait()
        finally:
            self.left("awaits")

    @tool
    async def hogs(self) -> None:
        """Keep the event loop from everybody: a mistake that async code makes."""
        number = 2
        try:
            context.progress(step="looping")
            while True:
                number = (number + self.smallest[number]) % SIZE or 2
        finally:
            self.left("hogs")

    @tool
    def saves(self, path: str, blocks: int) -> None:
        """Save a part of the table, block by block, and then sleep; nobody interrupts the save."""
        try:
            with context.shield(), open(path, "wb") as file:
                for block in range(blocks):
                    self.smallest[block * 1000 : (block + 1) * 1000].tofile(file)
                    context.progress(step="saving", block=block + 1)
                    time.sleep(0.02)
            time.sleep(600)
        finally:
            self.left("saves")

    @tool
    def stubborn(self) -> None:
        """Catch whatever is raised, for ever: another mistake, and one that only the end of the process mends."""
        context.progress(step="not listening")
        while True:
            try:
                while True:
                    time.sleep(0.01)
            except BaseException:
                continue

    def primes(self, number: int) -> list[int]:
        """Take a number apart with the table."""
        found = []
        while number > 1:
            found.append(self.smallest[number])
            number //= self.smallest[number]
        return found

    def left(self, name: str) -> None:
        """Write down when a tool's ``finally`` ran."""
        self.left_at[name] = time.time()
