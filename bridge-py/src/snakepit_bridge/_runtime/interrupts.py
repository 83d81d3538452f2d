"""Interrupts of the main thread: a signal whose handler raises inside the tool, there and nowhere else.

The handler runs on the main thread, between two of its bytecodes. It raises only while

* a run is *armed*: its tool's own code is on the stack, above a function that expects the exception;
* that very run was asked to stop and has not been interrupted yet, so a late signal of an earlier call does nothing;
* no shield is up;
* the innermost frames are the tool's, not the runtime's (``places``).

Where one of these does not hold the signal is lost; it is sent again until it has struck or the run is over.
"""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue
from types import FrameType

from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.inner_loop import ask
from snakepit_bridge._runtime.places import in_tool
from snakepit_bridge._runtime.run import Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge.errors import CallCancelled
from snakepit_bridge.tools.spec import ToolSpec

SIGNAL = signal.SIGUSR1

# What a generator gets to come to its next yield by itself.
_YIELD_GRACE = 0.005
# A signal that comes a moment before a blocking call starts is seen only after it: it is sent again.
_AGAIN = 0.002
_AGAIN_SHIELDED = 0.05


class MainRun(Run):
    """A call on the main thread."""

    __slots__ = ("_interrupts", "due", "ended")

    def __init__(
        self,
        call: ServedCall,
        spec: ToolSpec,
        worker_id: str,
        scope: Scope,
        interrupts: Interrupts,
        context: Context | None = None,
    ) -> None:
        super().__init__(call, spec, worker_id, scope, context)
        self._interrupts = interrupts
        # True while an interrupt is wanted: set by the interrupter only, so that a stray signal does nothing.
        self.due = False
        # Held as long as the run lasts.
        self.ended = threading.Lock()
        self.ended.acquire()

    def leave_shield(self, *, raising: bool) -> None:
        """Lets interrupts through again, and raises the one that was held back."""
        super().leave_shield(raising=raising)
        if raising and self.shields == 0 and self.due and not self.interrupted:
            self.interrupted = True
            raise CallCancelled("the call was cancelled")

    def interrupt(self) -> None:
        """Asks for the interrupt; any thread may."""
        self._interrupts.request(self)

    def finish(self) -> None:
        """The tool has been left for good."""
        self.ended.release()
        super().finish()


class Interrupts:
    """Sends the signal and takes it. ``armed`` is the run whose tool is on the main thread's stack right now."""

    # The handler looks and raises in one go, on the thread itself: nothing is ever on its way.
    pending = False

    def __init__(self) -> None:
        self.armed: Run | None = None
        self._requests: SimpleQueue[MainRun] = SimpleQueue()
        self._main = threading.main_thread().ident or 0
        # One object, so that it can be compared.
        self._handler = self._strike

    def install(self) -> None:
        """Takes the signal over. Has to be called on the main thread."""
        signal.signal(SIGNAL, self._handler)
        threading.Thread(target=self._climb, name="snakepit-interrupter", daemon=True).start()

    def leave(self) -> None:
        """The tool has been left: a signal does nothing from here on."""
        self.armed = None

    def settle(self) -> None:
        """Has nothing to take back."""

    def request(self, run: MainRun) -> None:
        """Wants a run's tool interrupted."""
        self._requests.put(run)

    def _climb(self) -> None:
        while True:
            run = self._requests.get()
            if run.spec.streams and run.ended.acquire(timeout=_YIELD_GRACE):
                continue
            run.due = True
            while not run.interrupted:
                # Somebody else's handler, or none, would do something else with the signal.
                if signal.getsignal(SIGNAL) is self._handler:
                    signal.pthread_kill(self._main, SIGNAL)
                if run.ended.acquire(timeout=_AGAIN_SHIELDED if run.shields else _AGAIN):
                    break

    def _strike(self, _signal: int, frame: FrameType | None) -> None:
        run = self.armed
        if not isinstance(run, MainRun) or not run.due or run.interrupted or run.shields or not in_tool(frame):
            return
        if ask(run, frame):
            return
        run.interrupted = True
        raise CallCancelled("the call was cancelled")
