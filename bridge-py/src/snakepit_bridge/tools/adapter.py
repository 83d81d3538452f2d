"""Adapters: finds the module or class that the host named, and the tools in it."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.tools.decorator import options_of
from snakepit_bridge.tools.discovery import inspect_tool
from snakepit_bridge.tools.spec import ToolSpec
from snakepit_bridge.tools.table import ToolTable


class AdapterError(Exception):
    """The adapter cannot be used as the host named it."""


@dataclass(frozen=True)
class AdapterReference:
    """Where the tools are: a ``file`` or a ``module``, and the name of a ``BaseAdapter`` class in it, if any."""

    file: str | None
    module: str | None
    attribute: str | None


@dataclass(frozen=True)
class Source:
    """What the host named, imported: a module whose plain tools are served, an adapter class to make, or both."""

    module: ModuleType | None
    adapter: type[BaseAdapter] | None


def import_source(reference: AdapterReference, cwd: str) -> Source:
    """Imports the adapter, whose folder is on the path. Raises ``AdapterError``, or whatever the import raises."""
    if reference.file is not None:
        module = _import_file(os.path.join(cwd, reference.file))
    else:
        module = importlib.import_module(reference.module or "")
    if reference.attribute is not None:
        return Source(None, _named_adapter(module, reference.attribute))
    return source_of(module)


def source_of(module: ModuleType) -> Source:
    """A module's plain tools and its one adapter class, if it has one. Raises ``AdapterError`` when it has several."""
    return Source(module, _only_adapter(module))


def tools_of(source: Source, instance: BaseAdapter | None) -> ToolTable:
    """The tools of the adapter's instance and of the module. Raises ``AdapterError`` when there are none."""
    specs: list[ToolSpec] = []
    if instance is not None:
        specs += _specs_in((name, getattr(instance, name)) for name in _public_methods(type(instance)))
    if source.module is not None:
        specs += _specs_in(vars(source.module).items())
    if specs:
        return ToolTable(specs)
    place = f"class `{source.adapter.__name__}`" if source.adapter else f"module `{_name(source.module)}`"
    raise AdapterError(
        f"there is no tool in {place}: put `@tool` (from snakepit_bridge import tool) on a function of the module, "
        "or on a method of a `BaseAdapter` class"
    )


def _specs_in(members: Any) -> Iterator[ToolSpec]:
    seen: set[int] = set()
    for _, member in members:
        options = options_of(member)
        # The same function under two names is one tool.
        if options is not None and id(getattr(member, "__func__", member)) not in seen:
            seen.add(id(getattr(member, "__func__", member)))
            yield inspect_tool(member, options)


def _public_methods(adapter: type[BaseAdapter]) -> list[str]:
    # From the class: looking at an instance would run its properties.
    names = {name: None for kind in reversed(adapter.__mro__) for name in vars(kind)}
    return [name for name in names if inspect.isroutine(inspect.getattr_static(adapter, name))]


def _import_file(path: str) -> ModuleType:
    if not os.path.isfile(path):
        raise AdapterError(f"there is no file {path}")
    stem = os.path.splitext(os.path.basename(path))[0]
    # The plain name where it is free, so that pickles and sibling imports find the same module.
    name = stem if stem.isidentifier() and stem not in sys.modules else f"snakepit_adapter_{stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AdapterError(f"{path} is no Python file: its name has to end in `.py`")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _named_adapter(module: ModuleType, attribute: str) -> type[BaseAdapter]:
    found = getattr(module, attribute, None)
    if found is None:
        close = difflib.get_close_matches(attribute, vars(module), 1)
        hint = f": did you mean `{close[0]}`?" if close else ""
        raise AdapterError(f"module `{_name(module)}` has no `{attribute}`{hint}")
    if not (isinstance(found, type) and issubclass(found, BaseAdapter)):
        raise AdapterError(
            f"`{attribute}` of module `{_name(module)}` is a {type(found).__name__}, and no `BaseAdapter` class"
        )
    return found


def _only_adapter(module: ModuleType) -> type[BaseAdapter] | None:
    own = [
        member
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, BaseAdapter)
        and member is not BaseAdapter
        and member.__module__ == module.__name__
    ]
    if len(own) > 1:
        names = ", ".join(f"`{member.__name__}`" for member in own)
        raise AdapterError(f"module `{_name(module)}` has {len(own)} adapter classes, {names}: name the one to use")
    return own[0] if own else None


def _name(module: ModuleType | None) -> str:
    return module.__name__ if module is not None else ""
