"""Tools that write down when they are run, wait when they are told to, and know the time."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from snakepit_bridge import BaseAdapter, context, tool


def note(line: str) -> None:
    """Writes a line that outlives this process."""
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")


def wait_at(gate: str) -> None:
    """Says that somebody is there, and waits until the gate opens."""
    with open(gate + ".in", "w", encoding="utf-8"):
        pass
    while not os.path.exists(gate):
        time.sleep(0.002)


class Desk(BaseAdapter):
    """Starts slowly where it is told to."""

    def initialize(self) -> None:
        note(f"up {os.getpid()}")
        if gate := os.environ.get("START_GATE"):
            wait_at(gate)

    def cleanup(self) -> None:
        note(f"down {os.getpid()}")

    @tool
    def whoami(self) -> int:
        """This worker."""
        return os.getpid()

    @tool
    def ran(self, name: str) -> str:
        """Writes down that it was run."""
        note(f"ran {name}")
        return name

    @tool
    def ran_stream(self, name: str, n: int = 3) -> Iterator[int]:
        """The same as a stream."""
        note(f"ran {name}")
        try:
            yield from range(n)
        finally:
            note(f"left {name}")

    @tool
    def hold(self, gate: str) -> int:
        """Keeps this worker busy until the gate opens."""
        wait_at(gate)
        return os.getpid()

    @tool
    def raises(self) -> None:
        """Fails."""
        raise ValueError("as asked")

    @tool
    def time_left(self) -> float | None:
        """Seconds until the caller gives up."""
        return context.time_left

    @tool
    async def silent(self, name: str) -> None:
        """Waits until it is cancelled."""
        note(f"ran {name}")
        try:
            await asyncio.Event().wait()
        finally:
            note(f"left {name}")

    @tool
    async def works(self, steps: int, pause: float) -> int:
        """Reports each step."""
        for step in range(steps):
            await asyncio.sleep(pause)
            context.progress(step / steps, step=step, of=steps)
        return steps

    @tool
    async def works_in_chunks(self, steps: int, pause: float) -> AsyncIterator[int]:
        """Reports and yields."""
        for step in range(steps):
            await asyncio.sleep(pause)
            context.progress(step=step)
            yield step

    @tool
    def environment(self, name: str) -> Any:
        """What a variable is here."""
        return os.environ.get(name)
