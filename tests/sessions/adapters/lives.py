"""Adapters whose instances live as long as a session, or a call."""

import itertools
import os

from snakepit_bridge import BaseAdapter, tool
from snakepit_bridge.base_adapter import Session

_numbers = itertools.count(1)


def note(line: str) -> None:
    """Writes a line that outlives this process."""
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")


class Numbered(BaseAdapter):
    """Knows which instance it is."""

    def initialize(self) -> None:
        self.number = next(_numbers)
        self.calls = 0
        note(f"made {self.number}")

    def cleanup(self) -> None:
        note(f"cleaned {self.number}")

    @tool
    def number_and_calls(self) -> list[int]:
        """Which instance this is, and how many calls it has seen."""
        self.calls += 1
        return [self.number, self.calls]


class PerSession(Numbered):
    """An instance for each session."""

    lifecycle = "session"

    async def on_session_start(self, session: Session) -> None:
        note(f"start {session.id} on {self.number}")

    async def on_session_end(self, session: Session, reason: str) -> None:
        note(f"end {session.id} {reason} on {self.number}")


class PerCall(Numbered):
    """An instance for each call."""

    lifecycle = "call"
