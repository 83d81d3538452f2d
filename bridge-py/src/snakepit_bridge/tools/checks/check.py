"""The check of one hint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """What a hint makes of a value: ``run`` gives what the tool gets, or raises ``Misfit``.

    The rest is for unions. ``natural`` are the types that come off the wire as the hint wants them. ``finite`` hints
    admit some values and no others of their type. ``members`` are the names that a record knows.
    """

    name: str
    run: Callable[[Any], Any]
    natural: tuple[type, ...] = ()
    finite: bool = False
    members: frozenset[str] | None = None
    passes_all: bool = False


def _same(value: Any) -> Any:
    return value


ANYTHING = Check("Any", _same, passes_all=True)
