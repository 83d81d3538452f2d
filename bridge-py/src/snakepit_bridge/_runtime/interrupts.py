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
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import cast

from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.inner_loop import ask
from snakepit_bridge._runtime.own_signals import OwnSignal, take_free
from snakepit_bridge._runtime.places import in_tool
from snakepit_bridge._runtime.run import Run
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.thread_interrupts import ThreadInterrupts
from snakepit_bridge.errors import CallCancelled
from snakepit_bridge.tools.spec import ToolSpec

# Signals that are taken: one, and one for the case that somebody takes that.
_SIGNALS = 2
# Signals that are sent between two looks at whether they can arrive.
_LOOK = 16
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

    def enter_shield(self) -> None:
        """Holds interrupts back, also one that is on its way."""
        super().enter_shield()
        if self._interrupts.pending:
            self._interrupts.take_back()

    def leave_shield(self, *, raising: bool) -> None:
        """Lets interrupts through again, and raises the one that was held back."""
        held_back = raising and self.shields == 1 and self.due and not self.interrupted
        if held_back:
            # Said within the shield, so that nobody interrupts a second time.
            self.interrupted = True
        super().leave_shield(raising=raising)
        if held_back:
            raise CallCancelled("the call was cancelled")

    def interrupt(self) -> None:
        """Asks for the interrupt; any thread may."""
        self._interrupts.request(self)

    def finish(self) -> None:
        """The tool has been left for good."""
        self.ended.release()
        super().finish()


class Interrupts(ThreadInterrupts):
    """Sends a signal to the main thread and takes it there. ``armed`` is the run whose tool is on its stack right now.

    The signals are such that nobody else uses: SIGUSR1 and the like are for tools. Where a tool takes ours all the same
    it is told so by ``say``, and another one is used; where none is left, an exception is thrown into the thread as
    into any other.
    """

    def __init__(self, say: Callable[[str], object] = str) -> None:
        # Their lines between taking a lock and the `try` that gives it back would keep it from everybody.
        super().__init__("threading", "queue")
        self._say = say
        self._requests: SimpleQueue[MainRun] = SimpleQueue()
        self._main = threading.main_thread().ident or 0
        self._signals: list[OwnSignal] = []
        self._lost: set[str] = set()

    def install(self) -> None:
        """Takes signals over. Has to be called on the main thread."""
        self.bind()
        self._signals = take_free(_SIGNALS, self._strike)
        threading.Thread(target=self._serve, name="snakepit-interrupter", daemon=True).start()

    def request(self, run: Run) -> None:
        """Wants a run's tool interrupted."""
        self._requests.put(cast("MainRun", run))

    def _serve(self) -> None:
        while True:
            run = self._requests.get()
            if run.spec.streams and run.ended.acquire(timeout=_YIELD_GRACE):
                continue
            run.due = True
            self._interrupt(run)

    def _interrupt(self, run: MainRun) -> None:
        sent = 0
        while not run.interrupted:
            # One that a thread keeps waiting looks like one that comes at a bad time: it is looked at now and then.
            number = self._usable(run, thorough=sent % _LOOK == _LOOK - 1)
            if number is None:
                super().request(run)
                return
            signal.pthread_kill(self._main, number)
            sent += 1
            if run.ended.acquire(timeout=_AGAIN_SHIELDED if run.shields else _AGAIN):
                return

    def _usable(self, run: MainRun, *, thorough: bool) -> int | None:
        """A signal that still is ours."""
        for own in self._signals:
            taker = own.lost_to()
            if not taker and (thorough or own.name in self._lost) and own.is_blocked():
                taker = "`signal.pthread_sigmask`, which blocks it"
            if not taker:
                self._lost.discard(own.name)
                return own.number
            self._tell(run, own, taker)
        return None

    def _tell(self, run: MainRun, own: OwnSignal, taker: str) -> None:
        if own.name in self._lost:
            return
        self._lost.add(own.name)
        instead = "another is used" if own is not self._signals[-1] else "no blocking call can be interrupted any more"
        fact = f"signal {own.name}, which interrupts tools, was taken by {taker}"
        self._say(f"cancelling tool '{run.spec.name}': {fact}: {instead}")

    def _strike(self, _signal: int, frame: FrameType | None) -> None:
        run = self.armed
        if not isinstance(run, MainRun) or not run.due or run.interrupted or run.shields or not in_tool(frame):
            return
        if ask(run, frame):
            return
        run.interrupted = True
        raise CallCancelled("the call was cancelled")
