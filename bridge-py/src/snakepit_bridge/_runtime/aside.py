"""What a thread that runs tools tells besides the ends of its calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snakepit_bridge._runtime.adapter_place import Report
from snakepit_bridge._runtime.run import Run, is_cancel


@dataclass(frozen=True)
class Aside:
    """``after_call`` is told the number of each call whose tool has been left, ``report`` what nobody else hears of."""

    after_call: Callable[[int], None]
    report: Report

    def left(self, run: Run, error: BaseException) -> None:
        """A tool was left with an exception: one that was cancelled has nobody who hears what else it raised."""
        if run.cancelled and not is_cancel(error):
            self.report(f"tool '{run.spec.name}', which was cancelled,", error)
