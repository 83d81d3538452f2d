"""Hints of numpy and pandas: arrays with their element type, scalars, time stamps. Looked at where they are loaded."""

from __future__ import annotations

import typing
from typing import Any

from snakepit_bridge._codec import arrays
from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, expected, text_of


def of_library(kind: type, hint: Any) -> Check | None:
    """The check of a class of numpy's or pandas'; None for any other."""
    numpy = arrays.loaded_numpy()
    if numpy is not None and kind is numpy.ndarray:
        return _array(numpy, hint)
    if numpy is not None and issubclass(kind, numpy.generic):
        return Check(text_of(kind), _made(kind))
    if kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in ("Timestamp", "Timedelta"):
        return Check(text_of(kind), _made(kind))
    return None


def _array(numpy: Any, hint: Any) -> Check:
    wanted = _dtype(numpy, hint)
    name = "ndarray" if wanted is None else f"ndarray of {wanted}"

    def run(value: Any) -> Any:
        if not isinstance(value, (list, tuple, numpy.ndarray)):
            raise expected(f"`{name}`", value)
        try:
            array = numpy.asarray(value)
        except (ValueError, OverflowError) as error:
            raise Misfit(f"expected `{name}`: {error}") from error
        if wanted is None or array.dtype == wanted:
            return array
        # A list has no element type of its own: whatever keeps the kind of number will do.
        rule = "safe" if array is value else "same_kind"
        if array.size and not numpy.can_cast(array.dtype, wanted, rule):
            raise Misfit(f"expected `{name}`, got one of {array.dtype}")
        return array.astype(wanted)

    return Check(name, run, (numpy.ndarray,))


def _dtype(numpy: Any, hint: Any) -> Any:
    """The element type of ``NDArray[np.float64]``, where it is one."""
    arguments = typing.get_args(hint)
    kinds = typing.get_args(arguments[1]) if len(arguments) > 1 else ()
    if not kinds or not isinstance(kinds[0], type):
        return None
    try:
        return numpy.dtype(kinds[0])
    except TypeError:  # an abstract one, as np.floating
        return None


def _made(kind: Any) -> Any:
    def run(value: Any) -> Any:
        if value is None or isinstance(value, (list, dict)) or arrays.is_array(value):
            raise expected(f"`{text_of(kind)}`", value)
        try:
            return kind(value)
        except Exception as error:
            raise Misfit(f"expected `{text_of(kind)}`: {error}") from error

    return run
