"""Tools that take a moment, and say when they have begun and ended."""

import asyncio
import os
from pathlib import Path

from snakepit_bridge import tool

LEDGER = Path(os.environ["LEDGER"])


def note(line: str) -> None:
    """Writes a line down."""
    with LEDGER.open("a") as file:
        file.write(line + "\n")


@tool
async def naps(nonce: int, seconds: float) -> int:
    """Sleep for a while."""
    note(f"begin {nonce}")
    await asyncio.sleep(seconds)
    note(f"end {nonce}")
    return nonce
