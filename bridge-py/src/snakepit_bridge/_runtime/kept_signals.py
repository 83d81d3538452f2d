"""What signals mean to the worker, put back where a tool has left something else."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # its `getsignal` looks nothing up in enums
import signal
import threading
from typing import Any

# An alarm that a tool has left would ring in another call.
_KEPT = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class KeptSignals:
    """Remembers the handlers of now. A loop that had handlers of its own leaves none of anybody's when it is closed.

    To be made and used on the main thread; elsewhere, as in tests, it does nothing.
    """

    def __init__(self) -> None:
        self._handlers: list[tuple[int, Any]] = []
        self._wakeup = -1
        if threading.current_thread() is threading.main_thread():
            self._handlers = [(int(number), _signal.getsignal(number)) for number in _KEPT]
            self._wakeup = signal.set_wakeup_fd(-1)
            self.restore_wakeup()

    def restore(self) -> None:
        """Puts back what was changed since: after each call."""
        for number, handler in self._handlers:
            if _signal.getsignal(number) is not handler:
                if number == signal.SIGALRM:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(number, handler)
                # A loop takes the descriptor too, where it has handlers.
                self.restore_wakeup()

    def restore_wakeup(self) -> None:
        """Puts back the descriptor that signals are written to: whenever there is time for two system calls."""
        if self._wakeup >= 0:
            signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
