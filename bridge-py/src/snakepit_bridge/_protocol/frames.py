"""Frames as the peer handles them, whatever codec carries them: sequences with the kind first, then fields by position.

docs/protocol.md has the table of the fields. A frame that is received may have more fields than are known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import time_ns
from typing import Any

Frame = Sequence[Any]

HELLO = 1
START = 2
PART = 3
ITEMS = 4
CREDIT = 5
END = 6
CANCEL = 7
PROGRESS = 8
LOG = 9
TELEMETRY = 10
SESSION_END = 11
PING = 12
PONG = 13
SHUTDOWN = 14

# The third field of an END.
OK = 0
ERROR = 1
CANCELLED = 2

# Where the encoded value stands in the frames that may have a large one (END: with OK).
VALUE_AT = {START: 3, PART: 2, ITEMS: 4, END: 3, PROGRESS: 2}

KNOWN = frozenset(range(HELLO, SHUTDOWN + 1))


def log(level: int, source: str, message: str, fields: str = "", shown: str | None = None) -> Frame:
    """A LOG frame of now, that belongs to no call yet."""
    return (LOG, 0, int(level), source, message, time_ns() // 1_000_000, fields, shown)
