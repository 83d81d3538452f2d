"""Adapters: finds the module or class that the host named, and the tools in it."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
from dataclasses import dataclass
from types import ModuleType

from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.tools.decorator import options_of
from snakepit_bridge.tools.members import tools_of_instance, tools_of_module
from snakepit_bridge.tools.source_file import AdapterError, import_file, make_importable, make_project_importable
from snakepit_bridge.tools.spec import ToolSpec
from snakepit_bridge.tools.table import ToolTable


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
    """Imports the adapter. Raises ``AdapterError``, or whatever the import raises."""
    module = _import(reference, cwd)
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
        specs += tools_of_instance(instance)
    if source.module is not None:
        specs += tools_of_module(source.module)
    if specs:
        return ToolTable(specs)
    place = f"class `{source.adapter.__name__}`" if source.adapter else f"module `{_name(source.module)}`"
    raise AdapterError(
        f"there is no tool in {place}: put `@tool` (from snakepit_bridge import tool) on a function of the module, "
        "or on a method of a `BaseAdapter` class"
    )


def _import(reference: AdapterReference, cwd: str) -> ModuleType:
    try:
        if reference.file is not None:
            path = os.path.join(cwd, reference.file)
            make_project_importable(os.path.dirname(os.path.abspath(path)), cwd)
            return import_file(path, cwd)
        make_importable(cwd)
        make_project_importable(cwd, cwd)
        return importlib.import_module(reference.module or "")
    except ImportError as error:
        if "relative import" not in str(error):
            raise
        raise AdapterError(
            f"{error}: name the adapter as a module of its package, `adapter: 'package.module'`, with `cwd` set to the "
            "folder that the package is in"
        ) from error


def _named_adapter(module: ModuleType, attribute: str) -> type[BaseAdapter]:
    found = getattr(module, attribute, None)
    if found is None:
        close = difflib.get_close_matches(attribute, vars(module), 1)
        hint = f": did you mean `{close[0]}`?" if close else ""
        raise AdapterError(f"module `{_name(module)}` has no `{attribute}`{hint}")
    if not (isinstance(found, type) and issubclass(found, BaseAdapter)):
        raise AdapterError(
            f"`{attribute}` of module `{_name(module)}` is a {type(found).__name__}, and no `BaseAdapter` class"
            f"{_instead(found, attribute)}"
        )
    _check_abstract([found])
    return found


def _instead(found: object, attribute: str) -> str:
    if isinstance(found, BaseAdapter):
        return f": name its class, `{type(found).__name__}`, which the worker makes an instance of"
    if options_of(found) is not None:
        return f": leave `:{attribute}` out, and all tools of the module are served"
    return ": derive it from `BaseAdapter`" if isinstance(found, type) else ""


def _only_adapter(module: ModuleType) -> type[BaseAdapter] | None:
    """The class to make: one of the module's own, that no other one of them derives from."""
    classes = {
        member: None for member in vars(module).values() if isinstance(member, type) and issubclass(member, BaseAdapter)
    }
    own = [each for each in classes if each.__module__ == module.__name__]
    if not own and not any(options_of(member) for member in vars(module).values()):
        own = [each for each in classes if each.__module__.partition(".")[0] != "snakepit_bridge"]
    leaves = [each for each in own if not any(other is not each and issubclass(other, each) for other in own)]
    concrete = [each for each in leaves if not inspect.isabstract(each)]
    if not concrete:
        _check_abstract(leaves)
    if len(concrete) > 1:
        names = ", ".join(f"`{each.__name__}`" for each in concrete)
        raise AdapterError(
            f"module `{_name(module)}` has {len(concrete)} adapter classes, {names}: name the one to use, "
            f"`adapter: '{os.path.basename(module.__file__ or module.__name__)}:{concrete[0].__name__}'`, or open a "
            "pool for each"
        )
    return concrete[0] if concrete else None


def _check_abstract(classes: list[type[BaseAdapter]]) -> None:
    for each in classes:
        if inspect.isabstract(each):
            missing = ", ".join(f"`{name}`" for name in sorted(each.__abstractmethods__))  # type: ignore[attr-defined]
            raise AdapterError(
                f"adapter `{each.__name__}` is abstract, {missing} is missing: name a class that derives from it"
            )


def _name(module: ModuleType | None) -> str:
    return module.__name__ if module is not None else ""
