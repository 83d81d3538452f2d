"""A value that does not fit its hint, and the words for it."""

from __future__ import annotations

import inspect
import re
from typing import Any

from snakepit_bridge._codec.conversion import type_name

_LONGEST = 60


class Misfit(Exception):
    """A value that does not fit. ``under`` adds the way to it, step by step from the inside."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self._steps: list[str] = []

    def under(self, step: str) -> Misfit:
        """The same fault, one step further from the culprit."""
        self._steps.append(step)
        return self

    @property
    def path(self) -> str:
        """The way from the outermost value: ``[3].id``; empty for that value itself."""
        return "".join(reversed(self._steps))


def expected(what: str, value: object) -> Misfit:
    """What a hint wants, and of which type the value is."""
    return Misfit(f"expected {what}, got `{type_name(value)}`")


def expected_value(what: str, value: object) -> Misfit:
    """What a hint wants, and the value itself where it is plain and tells more than its type."""
    return Misfit(f"expected {what}, got {shown(value)}")


def shown(value: object) -> str:
    """A plain value as Python writes it, shortened; the type of any other."""
    if value is None or type(value) in (str, int, float, bool):
        text = repr(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"`{type_name(value)}`"


def step(key: object) -> str:
    """The way to a member: ``.name``, ``[3]`` or ``['any text']``."""
    if isinstance(key, str):
        return f".{key}" if re.fullmatch(r"[^\W\d]\w*", key) else f"[{shown(key)}]"
    return f"[{shown(key)}]"


def text_of(hint: Any) -> str:
    """A hint as an author would write it."""
    if hint is None or hint is type(None):
        return "None"
    if isinstance(hint, type) and not hasattr(hint, "__args__"):
        return hint.__qualname__.rpartition("<locals>.")[2]
    text = inspect.formatannotation(hint).replace("typing.", "").replace("<locals>.", "")
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", text)
