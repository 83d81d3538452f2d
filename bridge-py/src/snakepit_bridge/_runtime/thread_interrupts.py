"""Interrupts of a thread that no signal reaches: an exception raised there, inside a tool and nowhere else.

The interpreter gives no say in where such an exception arrives: between any two bytecodes of the thread. What keeps it
inside the tool is an agreement of two sides, each of which first says what it does and then looks at the other:

* the thread sets ``armed`` before it enters a run's tool. When it leaves the tool, or enters a shield, it says so first
  and looks at ``pending`` then: where an exception is on its way it waits, and takes it back (``settle``);
* whoever throws sets ``pending`` first and looks then whether that run is armed, unshielded, and in the tool's own
  lines.

So an exception is on its way only between these two points of one run. That it arrives in the last line before the
second one is expected there (``steps``). One that was taken back counts as never thrown.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from snakepit_bridge._runtime import children
from snakepit_bridge._runtime.inner_loop import ask
from snakepit_bridge._runtime.places import in_tool
from snakepit_bridge._runtime.run import Run
from snakepit_bridge.errors import CallCancelled

# What a cancelled run gets to leave by itself: a run that is found armed twice, so far apart, gives nobody else a turn.
_LOOK_S = 0.005
# Between two attempts, where the first did not find the tool in its own lines.
_AGAIN_S = 0.002


class ThreadInterrupts:
    """Raises ``CallCancelled`` in one thread. ``armed`` is the run whose tool is on that thread's stack right now.

    ``foreign`` names modules whose own lines are not interrupted.
    """

    def __init__(self, *foreign: str) -> None:
        self.armed: Run | None = None
        # True while an exception may be on its way.
        self.pending = False
        self._foreign = foreign
        self._thread = 0
        self._target: Run | None = None
        self._arrived = False
        self._exception = _exception(self._come)
        # Held while an exception is thrown or taken back.
        self._throwing = threading.Lock()
        self._wanted: set[Run] = set()
        self._listing = threading.Lock()
        children.tell(self)

    def bind(self) -> None:
        """Names the calling thread as the one that is interrupted."""
        self._thread = threading.get_ident()

    # For the thread itself.

    def leave(self) -> None:
        """The tool has been left: nothing is thrown from here on, and nothing is on its way any more."""
        self.armed = None
        if self.pending:
            self.settle()

    def settle(self) -> None:
        """The tool has been left while ``pending``: takes back what is on its way. A forked child ends here."""
        children.end_if_child()
        self.take_back()

    def take_back(self) -> None:
        """Takes back what is on its way; to be called when ``pending``, after what keeps the next one away."""
        if children.is_child():
            return  # that is what is pending there, until the tool is left
        with self._throwing:
            if self.pending:
                self.pending = False
                _raise_in(self._thread, None)
            run, self._target = self._target, None
        if run is not None and not self._arrived:
            run.interrupted = run.thrown = False
            self.request(run)

    # For any thread.

    def request(self, run: Run) -> None:
        """Wants a run's tool interrupted, unless it is left by itself soon."""
        if _raise_in is _impossible:
            return
        with self._listing:
            idle = not self._wanted
            self._wanted.add(run)
        if idle:
            threading.Thread(target=self._climb, name="snakepit-thrower", daemon=True).start()

    def _climb(self) -> None:
        pause = threading.Event()
        seen: Run | None = None
        since = 0.0
        while self._keep_going():
            run = self.armed
            if run is not seen or run is None:
                seen, since = run, monotonic()
            elif run in self._wanted and monotonic() - since >= _LOOK_S and not self._ask(run):
                self._throw(run)
            del run
            pause.wait(_LOOK_S if seen is None else _AGAIN_S)

    def _keep_going(self) -> bool:
        with self._listing:
            self._wanted = {run for run in self._wanted if not (run.over or run.interrupted)}
            return bool(self._wanted)

    def _ask(self, run: Run) -> bool:
        return not run.shields and ask(run, sys._current_frames().get(self._thread))

    def _throw(self, run: Run) -> None:
        with self._throwing:
            if self.pending:
                return
            self.pending = True
            if self.armed is run and not (run.interrupted or run.shields) and self._may_arrive():
                self._target, self._arrived = run, False
                run.interrupted = run.thrown = True
                _raise_in(self._thread, self._exception)
            else:
                self.pending = False

    def _may_arrive(self) -> bool:
        return in_tool(sys._current_frames().get(self._thread), self._foreign)

    def _come(self, *, swallowed: bool) -> None:
        self._arrived = not swallowed
        if swallowed:
            run, self.armed = self.armed, None
            self.take_back()
            self.armed = run

    def forked(self) -> None:
        """This is a child: nobody throws here."""
        self._throwing, self._listing = threading.Lock(), threading.Lock()
        # Has the tool's thread look when it leaves the tool.
        self.pending = True
        if self.armed is not None:
            self.armed.over = True  # for its context: nobody hears of this one


class _Thrown(CallCancelled):
    """Told apart from what tools raise themselves. ``come`` hears of it when it has arrived."""

    come: Callable[..., None]

    def __init__(self, *_: Any) -> None:
        super().__init__("the call was cancelled")
        type(self).come(swallowed=False)


def _exception(come: Callable[..., None]) -> type[_Thrown]:
    # The interpreter makes an instance where it raises the class; tools see the name that they know.
    names = {"__module__": CallCancelled.__module__, "__qualname__": CallCancelled.__qualname__}
    return type(CallCancelled.__name__, (_Thrown,), {**names, "come": staticmethod(come)})


def throw_swallowed_again() -> None:
    """Watches for what arrived in the callback of a weak reference, where Python swallows it."""
    before = sys.unraisablehook

    def hook(told: sys.UnraisableHookArgs) -> None:
        if issubclass(told.exc_type, _Thrown):
            told.exc_type.come(swallowed=True)
        else:
            before(told)

    sys.unraisablehook = hook


def _impossible(_thread: int, _exception: type[BaseException] | None) -> None:
    """Without one lock around the interpreter the agreement above is none."""


def _thrower() -> Callable[[int, type[BaseException] | None], object]:
    gil = getattr(sys, "_is_gil_enabled", None)
    if sys.implementation.name != "cpython" or (gil is not None and not gil()):
        return _impossible
    # A prototype of its own: the one in `ctypes.pythonapi` is everybody's.
    prototype = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)
    function = prototype(("PyThreadState_SetAsyncExc", ctypes.pythonapi))
    nothing: Any = ctypes.py_object()
    return lambda thread, exception: function(thread, nothing if exception is None else exception)


_raise_in = _thrower()
