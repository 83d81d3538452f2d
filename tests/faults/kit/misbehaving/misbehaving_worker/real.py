"""The real bridge, behind the stand-in: for workers that do nearly everything right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def unmask() -> None:
    """From here on, `snakepit_bridge` is the real one, in this process."""
    sys.path[:] = [entry for entry in sys.path if not entry.endswith("stand_in")]


def run() -> None:
    """Runs the real worker. Never returns."""
    unmask()
    from snakepit_bridge.__main__ import main

    sys.exit(main(sys.argv[1:]))


def run_after(act: Callable[[], None]) -> None:
    """Runs the real worker, with something done in its process first, below the guardian. Never returns."""
    unmask()
    from snakepit_bridge import _guardian

    split = _guardian.split

    def split_and_act(*args: Any) -> int:
        notice = split(*args)
        act()
        return notice

    _guardian.split = split_and_act
    run()
