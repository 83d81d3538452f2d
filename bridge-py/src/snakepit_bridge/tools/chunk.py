"""A chunk whose marker and metadata the tool sets itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StreamChunk:
    """One chunk of a stream, for tools that want more than to yield plain data.

    ``data`` is any value that can travel. ``is_final=True`` makes it the last chunk: the generator is closed after it.
    ``metadata`` travels beside the data; its values become strings, 65,536 bytes at most with their names.
    """

    data: Any
    is_final: bool = False
    metadata: Mapping[str, Any] | None = None
