"""From a Python file to the module that it is: in its package, under the name that other files import it by."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

# Where this package lies: last on the path of a worker, where it is in nobody's way.
_BRIDGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


class AdapterError(Exception):
    """The adapter cannot be used as the host named it."""


def import_file(path: str, cwd: str) -> ModuleType:
    """Imports a file. Raises ``AdapterError``, or whatever the import raises.

    A file in a package is imported as its module, so that relative imports work and nothing is loaded twice; any other
    under its own name. Its folder is on the path in either case.
    """
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise AdapterError(f"there is no file {path}")
    if not path.endswith(".py"):
        raise AdapterError(f"{path} is no Python file: its name has to end in `.py`")
    levels, absolute = _imports(path)
    root = _root_of_package(path, levels, absolute, cwd)
    return _import_alone(path, absolute) if root is None else _import_in_package(path, root)


def make_importable(directory: str, *, last: bool = False) -> None:
    """Puts a directory in front of the path, as Python does for a script; with ``last``, behind all others."""
    if directory in sys.path:
        if not last:
            return
        sys.path.remove(directory)
    end = len(sys.path) - (sys.path[-1:] == [_BRIDGE])
    sys.path.insert(end if last else 0, directory)


def make_project_importable(directory: str, cwd: str) -> None:
    """Puts the project of a directory, and its `src`, behind everything else on the path; and the host's `cwd`."""
    project = next((each for each in _upwards(directory) if _is_project(each)), None)
    for root in (project, cwd):
        if root is not None:
            for each in (os.path.join(root, "src"), root):
                if os.path.isdir(each) and each not in sys.path:
                    make_importable(each, last=True)


def _import_in_package(path: str, root: str) -> ModuleType:
    top, *rest = os.path.relpath(path, root)[: -len(".py")].split(os.sep)
    if rest[-1] == "__init__":
        del rest[-1]
    if any("." in part for part in rest):
        raise AdapterError(f"no module can be called `{'.'.join((top, *rest))}`, as {path} would be: rename the folder")
    make_importable(root)
    make_importable(os.path.dirname(path), last=True)
    importlib.invalidate_caches()
    package = os.path.join(root, top)
    other = _other_of_that_name(top, package)
    try:
        return importlib.import_module(".".join((top if other is None else _renamed(top, package), *rest)))
    except ModuleNotFoundError as error:
        if other is None or not str(error.name).startswith(f"{top}."):
            raise
        raise AdapterError(
            f"`{error.name}` is looked for in {other}, which has the name of the package of {path}: import it "
            "relatively, `from . import ...`, or rename the folder"
        ) from error


def _other_of_that_name(top: str, package: str) -> str | None:
    """Where the name of a package leads, if not to the package."""
    known = sys.modules.get(top)
    spec = None if known is not None or "." in top else PathFinder.find_spec(top, sys.path)
    places = getattr(known, "__path__", None) or getattr(spec, "submodule_search_locations", None) or []
    if package in [os.path.abspath(place) for place in places]:
        return None
    return getattr(known, "__file__", None) or getattr(spec, "origin", None) or "Python itself"


def _renamed(top: str, package: str) -> str:
    """Makes a package under a name that is free. Imports within it have to be relative, and find it."""
    name = _own_name(top)
    file = os.path.join(package, "__init__.py")
    if os.path.isfile(file):
        _load(name, file, [package])
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [package]
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _import_alone(path: str, absolute: set[str]) -> ModuleType:
    folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    known = sys.modules.get(stem)
    if known is not None and _is_file(known, path):
        return known
    # A file that imports its own name means the library that it is called after.
    namesake = stem in absolute
    make_importable(folder, last=namesake)
    is_free = stem.isidentifier() and known is None and stem not in sys.stdlib_module_names and not namesake
    # The plain name where it is free, so that pickles and other files find the same module.
    return _load(stem if is_free else _own_name(stem), path)


def _own_name(stem: str) -> str:
    return f"snakepit_adapter_{re.sub(r'[^A-Za-z0-9_]', '_', stem)}"


def _load(name: str, path: str, places: list[str] | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=places)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _root_of_package(path: str, levels: int, absolute: set[str], cwd: str) -> str | None:
    """The folder that the file's package stands in; None for a file that is in no package."""
    top = os.path.dirname(path)
    is_package = levels > 0 or os.path.isfile(os.path.join(top, "__init__.py"))
    for _ in range(levels - 1):
        top = os.path.dirname(top)
    # A package that has no `__init__.py` gives itself away by being imported from.
    for each in _upwards(top):
        if os.path.basename(each) in absolute and not _is_elsewhere(os.path.basename(each), os.path.dirname(each)):
            top, is_package = each, True
        if _is_project(each) or each == cwd:
            break
    while is_package and os.path.isfile(os.path.join(os.path.dirname(top), "__init__.py")):
        top = os.path.dirname(top)
    return os.path.dirname(top) if is_package else None


def _is_elsewhere(name: str, root: str) -> bool:
    """True when a name is a module already, and no folder of ours."""
    if name in sys.stdlib_module_names:
        return True
    spec = PathFinder.find_spec(name, [each for each in sys.path if os.path.abspath(each) != root])
    return spec is not None and spec.origin is not None


def _imports(path: str) -> tuple[int, set[str]]:
    """How many levels up a file imports from, and the packages that it names. What is no Python is left to Python."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return 0, set()
    levels, named = 0, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            levels = max(levels, node.level)
            if node.level == 0 and node.module:
                named.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Import):
            named.update(alias.name.partition(".")[0] for alias in node.names)
    return levels, named


def _upwards(directory: str) -> list[str]:
    found = [directory]
    while (above := os.path.dirname(found[-1])) != found[-1]:
        found.append(above)
    return found


def _is_project(directory: str) -> bool:
    return any(os.path.exists(os.path.join(directory, marker)) for marker in _MARKERS)


def _is_file(module: ModuleType, path: str) -> bool:
    file = getattr(module, "__file__", None)
    try:
        return file is not None and os.path.samefile(file, path)
    except OSError:
        return False
