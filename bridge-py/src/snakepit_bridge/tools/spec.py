"""What is known of a tool without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snakepit_bridge._protocol.enums import ToolKind

if TYPE_CHECKING:
    from snakepit_bridge.tools.arguments import Binder


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool, as the caller sees it."""

    name: str
    type: str
    required: bool
    default: str
    description: str


@dataclass(frozen=True)
class ToolSpec:
    """A tool that can be called: its description for the host, its function, and how arguments get into it."""

    name: str
    description: str
    kind: ToolKind
    parameters: tuple[Parameter, ...]
    input_schema: str
    output_schema: str
    chunk_schema: str
    metadata: Mapping[str, str]
    function: Callable[..., Any]
    binder: Binder

    @property
    def notice(self) -> str:
        """Which parameters take anything though they have hints, for the author to read; empty where there are none."""
        unchecked = [f"`{name}` ({why})" for name, why in self.binder.unchecked.items()]
        return f"tool '{self.name}' takes unchecked: {', '.join(unchecked)}" if unchecked else ""

    @property
    def streams(self) -> bool:
        """True when the tool produces chunks instead of one value."""
        return self.kind in (ToolKind.GENERATOR, ToolKind.ASYNC_GENERATOR)

    @property
    def is_async(self) -> bool:
        """True when the tool runs on the event loop instead of the main thread."""
        return self.kind in (ToolKind.COROUTINE, ToolKind.ASYNC_GENERATOR)
