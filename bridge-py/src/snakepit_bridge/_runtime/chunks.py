"""What a tool yields: plain data, or a chunk with a marker and metadata of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snakepit_bridge._codec.split import Split
from snakepit_bridge.errors import SnakepitError, ValueTooLarge
from snakepit_bridge.tools.chunk import StreamChunk

# Names and values together; what is larger is data.
MAX_METADATA_BYTES = 64 * 1024


@dataclass(frozen=True)
class Final:
    """How a stream ended normally: its last value, encoded."""

    value: bytes | Split
    marked: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


class BadChunk(SnakepitError):
    """A chunk that cannot travel."""

    def __init__(self, number: int, error: SnakepitError) -> None:
        details = {**error.details, "chunk": str(number)}
        super().__init__(f"chunk {number} cannot be sent: {error.message}", code=error.code, details=details)


def is_final(item: Any) -> bool:
    """True when the tool marked the chunk as its last."""
    if isinstance(item, StreamChunk):
        return item.is_final is True
    return isinstance(item, dict) and item.get("is_final") is True


def unwrap(item: Any) -> tuple[Any, dict[str, str]]:
    """Data and metadata of what was yielded. A dict stays whole, its marker included."""
    if isinstance(item, StreamChunk):
        return item.data, _texts(item.metadata) if item.metadata else {}
    return item, {}


def _texts(metadata: Mapping[str, Any]) -> dict[str, str]:
    texts = {str(key): str(value) for key, value in metadata.items()}
    size = sum(len(key.encode()) + len(value.encode()) for key, value in texts.items())
    if size > MAX_METADATA_BYTES:
        raise ValueTooLarge(
            f"the metadata of a chunk has {size} bytes, above the limit of {MAX_METADATA_BYTES}: send it as data"
        )
    return texts
