"""The environment of the tools and of what they start: the user's variables, and none that the bridge needs itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Any

_held_back: set[str] = set()


def free(told: dict[str, Any]) -> None:
    """Takes what is the bridge's own out of the tools' sight, before any of their code runs.

    ``told`` is what the host says: ``pythonPath`` as the user has it, ``limits`` of number libraries' threads, and the
    names that were ``heldBack``.
    """
    if "pythonPath" in told:
        _restore_python_path(told["pythonPath"])
    # A flag of ours; children of `multiprocessing` are given those that are noted here.
    sys._xoptions.pop("faulthandler", None)
    _held_back.update(told.get("heldBack") or ())
    if limits := told.get("limits"):
        _limit_threads(limits)


def hint_of(error: BaseException | None) -> str | None:
    """What to do about a variable that the error is about, and that the host has but did not pass on."""
    if error is None or not _held_back:
        return None
    if isinstance(error, KeyError):
        names = [name for name in error.args[:1] if isinstance(name, str)]
    else:
        try:
            names = _NAME.findall(str(error)[:4096])
        except Exception:
            return None
    name = next((name for name in names if name in _held_back), None)
    if name is None:
        return None
    return (
        f"the host has the environment variable {name}, and workers see an allow-list: "
        f"`passEnv: ['{name}']` of `Snakepit.open` passes it on"
    )


# Names of two words at least: `PORT` and `HOST` are found in sentences about anything.
_NAME = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+\b")


def _restore_python_path(value: str | None) -> None:
    if value is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = value
    # The bridge is imported already, and behind everything else it is in nobody's way.
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if own in sys.path:
        sys.path.remove(own)
    sys.path.append(own)


def _limit_threads(limits: dict[str, str]) -> None:
    """Bounds what number libraries start in this process, and in none of its children.

    The libraries ask the C environment when they are loaded, whenever that is. Python's ``os.environ`` does not show
    what is put there, and children get what it shows.
    """
    limits = {name: value for name, value in limits.items() if name not in os.environ}
    for name, value in limits.items():
        os.putenv(name, value)

    def hidden() -> Iterable[str]:
        return (name for name in limits if name not in os.environ)

    def in_child() -> None:
        for name in hidden():
            os.unsetenv(name)

    os.register_at_fork(after_in_child=in_child)
    _spawn_with_visible(hidden)


def _spawn_with_visible(hidden: Any) -> None:
    import _posixsubprocess
    import posix
    import subprocess

    fork_exec, system = _posixsubprocess.fork_exec, os.system

    def fork_exec_visible(*arguments: Any) -> int:
        # The sixth is the environment; None stands for the C environment.
        if arguments[5] is None:
            visible = [name + b"=" + value for name, value in os.environb.items()]
            arguments = (*arguments[:5], visible, *arguments[6:])
        return fork_exec(*arguments)

    def system_visible(command: Any) -> int:
        unset = " ".join(hidden())
        return system(b"unset " + unset.encode() + b"\n" + os.fsencode(command) if unset else command)

    _posixsubprocess.fork_exec = fork_exec_visible
    if hasattr(subprocess, "_fork_exec"):
        subprocess._fork_exec = fork_exec_visible
    # It is known by its usual name, by which `pickle` finds it.
    system_visible.__module__, system_visible.__name__, system_visible.__qualname__ = "posix", "system", "system"
    posix.system = os.system = system_visible
