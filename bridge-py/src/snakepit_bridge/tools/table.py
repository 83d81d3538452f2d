"""The tools of a worker by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from snakepit_bridge.errors import ToolDefinitionError, ToolNotFound
from snakepit_bridge.tools.spec import ToolSpec


class ToolTable:
    """Finds tools; names are never looked up anywhere else. Raises ``ToolDefinitionError`` for a name given twice."""

    def __init__(self, specs: Iterable[ToolSpec]) -> None:
        self._specs: dict[str, ToolSpec] = {}
        for spec in specs:
            if spec.name in self._specs:
                raise ToolDefinitionError(
                    f"two tools are called '{spec.name}': give one another name, `@tool(name=...)`"
                )
            self._specs[spec.name] = spec

    def __iter__(self) -> Iterator[ToolSpec]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)

    def clear(self) -> None:
        """Forgets all tools."""
        self._specs.clear()

    def find(self, name: str) -> ToolSpec:
        """The tool of that name. Raises ``ToolNotFound``, which names the closest."""
        spec = self._specs.get(name)
        if spec is not None:
            return spec
        close = difflib.get_close_matches(name[:128], self._specs, 1)
        known = ", ".join(f"'{known}'" for known in list(self._specs)[:50])
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise ToolNotFound(f"no tool is called '{name[:128]}': {hint}there are {known}", details={"tool": name[:128]})
