"""What a host tells a worker, and what a worker answers: enough of it to say it wrongly."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import Any

ANSWER_FD = 3

Mode = Callable[["Told"], None]


class Told:
    """The host's line, read when somebody asks for it."""

    @cached_property
    def line(self) -> dict[str, Any]:
        """All of it."""
        line: dict[str, Any] = json.loads(sys.stdin.readline())
        return line

    @property
    def socket(self) -> str:
        """Where the host wants it to listen."""
        path: str = self.line["transport"]["socket"]
        return path

    def answer(self, **changes: Any) -> bytes:
        """The right answer, but for the changes."""
        said = {
            "snakepit": 1,
            "incarnation": self.line["incarnation"],
            "pid": os.getpid(),
            "address": f"unix://{self.socket}",
            **changes,
        }
        return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def say(data: bytes) -> None:
    """Writes all of it on the private pipe, as long as somebody reads."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(ANSWER_FD, view) :]
    except OSError:
        pass


def stay() -> None:
    """Stays until the host is gone or wants it to go."""
    while sys.stdin.buffer.read(65536):
        pass
