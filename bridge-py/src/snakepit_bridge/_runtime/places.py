"""Where a thread is: in a tool's own lines, where an interrupt may come, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

_boundaries: set[CodeType] = set()

F = TypeVar("F", bound=Callable[..., Any])

# Lines between taking a lock that other threads need and the `try` that gives it back. They take no time.
_BRIEF = ("logging", "importlib._bootstrap", "importlib._bootstrap_external")


def boundary(function: F) -> F:
    """Marks a function that calls a tool's code and expects ``CallCancelled`` out of it, also out of its own lines."""
    _boundaries.add(function.__code__)
    return function


def is_boundary(frame: FrameType) -> bool:
    """True for the frame of a function that was marked so."""
    return frame.f_code in _boundaries


def in_tool(frame: FrameType | None, foreign: tuple[str, ...] = ()) -> bool:
    """True when the innermost frames are a tool's: above a boundary, and not the runtime's.

    A tool that prints is inside our writer. In a ``__del__`` Python would swallow the exception. Modules of the
    packages in ``foreign`` are spared while theirs is the innermost frame.
    """
    if frame is not None:
        innermost = _module(frame)
        if innermost in _BRIEF or innermost.partition(".")[0] in foreign:
            return False
    while frame is not None:
        code = frame.f_code
        if code in _boundaries:
            return True
        if code.co_name == "__del__" or _module(frame).startswith("snakepit_bridge._"):
            return False
        frame = frame.f_back
    return False


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))
