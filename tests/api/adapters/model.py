"""Adapter classes, good and bad."""

import os

from snakepit_bridge import BaseAdapter, tool


class Model(BaseAdapter):
    """Loads something expensive once."""

    def initialize(self) -> None:
        self.loaded_by = os.getpid()
        self.calls = 0

    @tool
    def predict(self) -> dict:
        """Uses what was loaded."""
        self.calls += 1
        return {"loaded_by": self.loaded_by, "calls": self.calls}


class Unloadable(BaseAdapter):
    """Fails to load."""

    def initialize(self) -> None:
        raise RuntimeError("weights are corrupt")

    @tool
    def predict(self) -> None:
        """Never runs."""


class Plain:
    """No adapter."""
