"""What a docstring says: its first paragraph, and its parameters in Google's, NumPy's or Sphinx's way."""

from __future__ import annotations

import inspect
import re

_SPHINX = re.compile(r"^:param\s+(?:[^:]*\s)?\*{0,2}(\w+):\s*(.*)$")
_GOOGLE_SECTION = re.compile(r"^(Args|Arguments|Parameters|Keyword Args):\s*$")
_GOOGLE = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")
_NUMPY = re.compile(r"^\*{0,2}(\w+)\s*(?::.*)?$")


def summary(docstring: str | None) -> str:
    """The first paragraph, on one line."""
    first = inspect.cleandoc(docstring or "").split("\n\n", 1)[0]
    return " ".join(first.split())


def parameters(docstring: str | None) -> dict[str, str]:
    """Descriptions by parameter name; empty where the docstring has none."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    found = _entries(lines, _SPHINX)
    for index, line in enumerate(lines):
        if _GOOGLE_SECTION.match(line):
            found |= _section(lines[index + 1 :], _GOOGLE)
        elif line == "Parameters" and index + 1 < len(lines) and set(lines[index + 1]) == {"-"}:
            found |= _entries(_until_heading(lines[index + 2 :]), _NUMPY)
    return {name: " ".join(text.split()) for name, text in found.items()}


def _section(lines: list[str], entry: re.Pattern[str]) -> dict[str, str]:
    body: list[str] = []
    for line in lines:
        if line and not line[0].isspace():
            break
        body.append(line)
    return _entries(inspect.cleandoc("\n" + "\n".join(body)).splitlines(), entry)


def _until_heading(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines[1:]):
        if line and set(line) == {"-"}:
            return lines[:index]
    return lines


def _entries(lines: list[str], entry: re.Pattern[str]) -> dict[str, str]:
    """Entries that start in the first column; indented lines go on with the one above."""
    found: dict[str, str] = {}
    current = None
    for line in lines:
        if line[:1].isspace():
            if current is not None:
                found[current] += f" {line.strip()}"
            continue
        match = entry.match(line)
        current = match.group(1) if match else None
        if match and current is not None:
            found[current] = match.group(2) if match.lastindex == 2 else ""
    return found
