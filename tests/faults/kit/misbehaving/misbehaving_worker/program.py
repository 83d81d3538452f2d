"""Finds the mode that the environment names and runs it."""

from __future__ import annotations

import os
import sys

from misbehaving_worker import after_start, answers, arrivals, output
from misbehaving_worker.words import Told

MODES = {**answers.MODES, **arrivals.MODES, **output.MODES, **after_start.MODES}


def main() -> None:
    """Writes down that it was started, and misbehaves; the first `MISBEHAVE_AFTER` processes do not."""
    name = os.environ["MISBEHAVE"]
    if ledger := os.environ.get("MISBEHAVE_LEDGER"):
        starts = _write_down(ledger)
        if starts <= int(os.environ.get("MISBEHAVE_AFTER", "0")):
            name = "well"
    mode = MODES.get(name)
    if mode is None:
        sys.exit(f"there is no mode {name}; there are {', '.join(MODES)}")
    mode(Told())


def _write_down(path: str) -> int:
    """Adds a line. Returns how many there are."""
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        os.write(fd, f"started {os.getpid()}\n".encode())
        return os.pread(fd, 1 << 20, 0).count(b"\n")
    finally:
        os.close(fd)
