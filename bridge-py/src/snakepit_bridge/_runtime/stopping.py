"""The end of a worker: a grace for what runs, and a bound on everything."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from time import monotonic

from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.enums import CancelReason
from snakepit_bridge._runtime import own_signals
from snakepit_bridge._runtime.ending import END_S, Ending

# For tools that were cancelled to run their `finally`.
_LEAVE_S = 1.0
# For the main thread to begin the end, when tools could not be left.
_BEGIN_S = 0.1


class Stopper:
    """Takes requests to stop from anywhere; the shortest grace wins. ``leave`` lets the main thread go."""

    def __init__(self, peer: Peer, leave: Callable[[], None], ending: Ending) -> None:
        self._peer = peer
        self._leave = leave
        self._ending = ending
        self._first = threading.Lock()

    def request(self, grace_s: float) -> None:
        """Takes no new calls, gives those that run ``grace_s`` seconds, cancels the rest, and leaves."""
        if self._ending.begun:
            return
        threading.Thread(target=self._stop, args=(grace_s,), name="snakepit-stopper", daemon=True).start()

    def _stop(self, grace_s: float) -> None:
        deadline = monotonic() + grace_s
        self._peer.refuse()
        self._peer.wait_idle(grace_s)
        if not self._first.acquire(blocking=False):
            return
        self._peer.cancel_all(CancelReason.CLOSING)
        left = self._peer.wait_idle(_LEAVE_S)
        self._leave()
        # The main thread cleans up and exits. Where it is stuck, in a tool or on its way out, this is the end.
        if left or self._ending.wait(_BEGIN_S):
            self._ending.watch(deadline + END_S)
        os._exit(0)


def on_sigterm(act: Callable[[], None]) -> None:
    """Has ``act`` called when SIGTERM comes; to be called on the main thread.

    Python runs a signal's handler on the main thread, which may have gone to sleep in the moment the signal came, and
    then sleeps on. The byte that the signal leaves in a pipe wakes a thread of our own. A loop of asyncio on the main
    thread may take that pipe over, so the handler acts too: acting twice is harmless.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    own_signals.take(signal.SIGTERM, lambda *_: act())
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)

    def wait() -> None:
        while numbers := os.read(read, 64):
            if signal.SIGTERM in numbers:
                act()

    threading.Thread(target=wait, name="snakepit-signals", daemon=True).start()
