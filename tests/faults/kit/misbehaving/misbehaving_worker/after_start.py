"""Workers that become ready as they should, but are not where or what the host thinks."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress

from misbehaving_worker import real
from misbehaving_worker.words import Mode, Told

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def _in_the_worker(act: Callable[[], None]) -> Mode:
    return lambda _: real.run_after(act)


def _without_guardian(_: Told) -> None:
    """Serves alone: nobody takes down what it leaves."""
    real.unmask()
    from snakepit_bridge import _guardian

    _guardian.split = lambda *_: os.open(os.devnull, os.O_WRONLY)
    real.run()


def _deaf(_: Told) -> None:
    """Serves, alone, and cannot be made to leave: not by the message, not by its input, not by SIGTERM."""
    real.unmask()
    from snakepit_bridge import _descriptors, _guardian, _worker
    from snakepit_bridge._runtime.stopping import Stopper

    _guardian.split = lambda *_: os.open(os.devnull, os.O_WRONLY)
    _descriptors.watch = lambda *_: None
    Stopper.request = lambda *_: None
    _worker.on_sigterm = lambda _: signal.signal(signal.SIGTERM, signal.SIG_IGN)
    real.run()


def _ignores_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP, signal.SIGINT})


def _pdeathsig_0() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _setsid() -> None:
    with suppress(PermissionError):  # it leads a group of its own already
        os.setsid()


def _double_fork() -> None:
    """The worker goes on in a grandchild; its parents end well at once."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)


def _forks_at_start() -> None:
    """A second process goes the same way: both want to serve."""
    os.fork()


MODES: dict[str, Mode] = {
    "well": lambda _: real.run(),
    "setsid": _in_the_worker(_setsid),
    "setpgid": _in_the_worker(lambda: os.setpgid(0, 0)),
    "ignores_sigterm": _in_the_worker(_ignores_sigterm),
    "pdeathsig_0": _in_the_worker(_pdeathsig_0),
    "double_fork": _in_the_worker(_double_fork),
    "forks_at_start": _in_the_worker(_forks_at_start),
    "without_guardian": _without_guardian,
    "deaf": _deaf,
}
