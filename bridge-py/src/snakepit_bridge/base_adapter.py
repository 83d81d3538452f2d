"""The base of adapters that are classes."""

from __future__ import annotations

from collections.abc import Awaitable

from snakepit_bridge.tools.chunk import StreamChunk
from snakepit_bridge.tools.decorator import tool

__all__ = ["BaseAdapter", "StreamChunk", "tool"]


class BaseAdapter:
    """A class of tools that share what they load.

    One instance is made per worker, on the main thread, before the first call::

        class Embedder(BaseAdapter):
            def initialize(self) -> None:
                self.model = load_model()

            @tool
            def embed(self, text: str) -> list[float]:
                \"\"\"The embedding of a text.\"\"\"
                return self.model.encode(text).tolist()
    """

    def initialize(self) -> Awaitable[None] | None:
        """Runs once before the first call; what it raises keeps the worker from starting. May be ``async``."""
        return None

    def cleanup(self) -> Awaitable[None] | None:
        """Runs once when the worker leaves, within a bounded time. May be ``async``."""
        return None
