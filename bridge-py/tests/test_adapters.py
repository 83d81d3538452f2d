"""How an adapter is imported: as the module that it is, whatever its place and its name."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from snakepit_bridge.tools.adapter import AdapterReference, import_source, tools_of
from snakepit_bridge.tools.source_file import AdapterError

HEAD = "from snakepit_bridge import BaseAdapter, tool\n"
TOOL = f"{HEAD}@tool\ndef go():\n    return X\n"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    path, modules = list(sys.path), dict(sys.modules)
    yield
    sys.path[:] = path
    for name in [name for name in sys.modules if name not in modules]:
        del sys.modules[name]


def served(folder: Path, files: Mapping[str, str], adapter: str, attribute: str | None = None) -> dict[str, Any]:
    """The tools of an adapter by name, after its import from a project of these files."""
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    is_file = adapter.endswith(".py")
    reference = AdapterReference(adapter if is_file else None, None if is_file else adapter, attribute)
    source = import_source(reference, str(folder))
    instance = source.adapter() if source.adapter else None
    return {spec.name: spec.function for spec in tools_of(source, instance)}


PACKAGES: list[tuple[str, dict[str, str], str, str]] = [
    ("relative", {"pkg/__init__.py": "", "pkg/m.py": "X = 1", "pkg/a.py": "from .m import X\n"}, "pkg/a.py", "pkg.a"),
    (
        "absolute",
        {"pkg/__init__.py": "", "pkg/m.py": "X = 1", "pkg/a.py": "from pkg.m import X\n"},
        "pkg/a.py",
        "pkg.a",
    ),
    (
        "from above",
        {"pkg/__init__.py": "", "pkg/m.py": "X = 1", "pkg/s/__init__.py": "", "pkg/s/a.py": "from ..m import X\n"},
        "pkg/s/a.py",
        "pkg.s.a",
    ),
    (
        "from above, half of it a namespace",
        {"pkg/__init__.py": "", "pkg/m.py": "X = 1", "pkg/s/a.py": "from ..m import X\n"},
        "pkg/s/a.py",
        "pkg.s.a",
    ),
    ("a namespace", {"app1/m.py": "X = 1", "app1/a.py": "from .m import X\n"}, "app1/a.py", "app1.a"),
    ("a namespace, absolute", {"app1/m.py": "X = 1", "app1/a.py": "from app1.m import X\n"}, "app1/a.py", "app1.a"),
    (
        "src",
        {"pyproject.toml": "", "src/app1/m.py": "X = 1", "src/app1/s/a.py": "from app1.m import X\n"},
        "src/app1/s/a.py",
        "app1.s.a",
    ),
    (
        "src, with __init__",
        {"src/app1/__init__.py": "", "src/app1/m.py": "X = 1", "src/app1/a.py": "from app1.m import X\n"},
        "src/app1/a.py",
        "app1.a",
    ),
    (
        "a script beside src",
        {"pyproject.toml": "", "src/app1/m.py": "X = 1", "scripts/a1.py": "from app1.m import X\n"},
        "scripts/a1.py",
        "a1",
    ),
    ("a script and its neighbour", {"py1/m1.py": "X = 1", "py1/a1.py": "from m1 import X\n"}, "py1/a1.py", "a1"),
    ("a package itself", {"pkg/__init__.py": "from .m import X\n", "pkg/m.py": "X = 1"}, "pkg/__init__.py", "pkg"),
    ("a module", {"pkg/m.py": "X = 1", "pkg/a.py": "from .m import X\n"}, "pkg.a", "pkg.a"),
    ("a name with a dash", {"my-tools.py": "X = 1\n"}, "my-tools.py", "snakepit_adapter_my_tools"),
    ("a digit in front", {"2tools.py": "X = 1\n"}, "2tools.py", "snakepit_adapter_2tools"),
    (
        "the name of a module of Python's",
        {"random.py": "import random\nX = 1\n"},
        "random.py",
        "snakepit_adapter_random",
    ),
    ("the name of one that is loaded", {"json.py": "import json\nX = 1\n"}, "json.py", "snakepit_adapter_json"),
    (
        "a package of a name that is taken",
        {"email/__init__.py": "", "email/m.py": "X = 1", "email/a.py": "from .m import X\nimport email.message\n"},
        "email/a.py",
        "snakepit_adapter_email.a",
    ),
    (
        "a folder with a dot",
        {"v1.2/__init__.py": "X = 1", "v1.2/a.py": "from . import X\n"},
        "v1.2/a.py",
        "snakepit_adapter_v1_2.a",
    ),
]


@pytest.mark.proves("PY-02")
@pytest.mark.parametrize(
    ("files", "adapter", "name"), [case[1:] for case in PACKAGES], ids=[case[0] for case in PACKAGES]
)
def test_a_file_is_imported_as_its_module(files: dict[str, str], adapter: str, name: str, tmp_path: Path) -> None:
    own = adapter if adapter.endswith(".py") else f"{adapter.replace('.', '/')}.py"
    go = served(tmp_path, {**files, own: files[own] + TOOL}, adapter)["go"]
    assert (go(), go.__module__) == (1, name)
    loaded = [module for module in sys.modules.values() if getattr(module, "__file__", None) == str(tmp_path / own)]
    assert loaded == [sys.modules[name]]


@pytest.mark.proves("PY-02")
def test_the_library_that_a_file_is_called_after_is_still_the_library(tmp_path: Path) -> None:
    go = served(tmp_path, {"joblib.py": f"import joblib\nX = joblib.__version__\n{TOOL}"}, "joblib.py")["go"]
    assert go() == sys.modules["joblib"].__version__


@pytest.mark.proves("PY-02")
def test_an_adapter_is_a_module_like_any_other(tmp_path: Path) -> None:
    text = f"""{HEAD}
import dataclasses, inspect, typing
@dataclasses.dataclass
class Row:
    n: "int" = 3
@tool
def go():
    return Row(), inspect.getsource(Row), typing.get_type_hints(Row)
if __name__ == "__main__":
    raise SystemExit("this is no script here")
"""
    row, source, hints = served(tmp_path, {"my-rows.py": text}, "my-rows.py")["go"]()
    assert pickle.loads(pickle.dumps(row)) == row
    assert (source.splitlines()[1], hints) == ("class Row:", {"n": int})


ADAPTERS = {
    "base.py": f"{HEAD}class Model(BaseAdapter):\n    @tool\n    def a(self):\n        return 1\n",
    "derived.py": "from base import Model, tool\nclass Better(Model):\n    @tool\n    def b(self):\n        return 2\n"
    "class Best(Better):\n    pass\n",
    "imported.py": "from base import Model\n",
    "abstract.py": "from abc import ABC, abstractmethod\nfrom base import Model\nclass Half(Model, ABC):\n"
    "    @abstractmethod\n    def load(self): ...\n",
    "whole.py": "from abstract import ABC, abstractmethod, Model\nclass Half(Model, ABC):\n    @abstractmethod\n"
    "    def load(self): ...\nclass Whole(Half):\n    def load(self): ...\n",
}


@pytest.mark.proves("PY-03")
@pytest.mark.parametrize(
    ("adapter", "tools"),
    [("base.py", ["a"]), ("derived.py", ["a", "b"]), ("imported.py", ["a"]), ("whole.py", ["a"])],
)
def test_the_adapter_class_that_is_meant(adapter: str, tools: list[str], tmp_path: Path) -> None:
    assert [*served(tmp_path, ADAPTERS, adapter)] == tools


@pytest.mark.proves("PY-02", "PY-03")
@pytest.mark.parametrize(
    ("text", "attribute", "message"),
    [
        (
            f"{HEAD}class A(BaseAdapter): ...\nclass B(BaseAdapter): ...\n",
            None,
            "2 adapter classes, `A`, `B`: name the one to use, `adapter: 'own.py:A'`",
        ),
        ("from abstract import Half\n", None, "adapter `Half` is abstract, `load` is missing"),
        ("from abstract import Half\n", "Half", "adapter `Half` is abstract, `load` is missing"),
        (TOOL, "go", "leave `:go` out"),
        (f"{HEAD}class A(BaseAdapter): ...\nit = A()\n", "it", "name its class, `A`"),
        ("class A: ...\n", "A", "derive it from `BaseAdapter`"),
        ("class Model: ...\n", "Modle", "did you mean `Model`?"),
        ("import pkg.b\n", None, "`adapter: 'package.module'`, with `cwd`"),
        ("X = 1\n", None, "there is no tool in module `own`"),
    ],
)
def test_what_cannot_be_used_says_how_to_name_it(
    text: str, attribute: str | None, message: str, tmp_path: Path
) -> None:
    files = {**ADAPTERS, "pkg/__init__.py": "", "pkg/b.py": "from ..base import Model\n", "own.py": text}
    with pytest.raises(AdapterError) as raised:
        served(tmp_path, files, "own.py", attribute)
    assert message in str(raised.value)


@pytest.mark.proves("PY-02")
def test_a_package_that_is_hidden_says_so(tmp_path: Path) -> None:
    files = {"code/__init__.py": "", "code/m.py": "X = 1", "code/a.py": f"from code.m import X\n{TOOL}"}
    with pytest.raises(AdapterError, match=r"`code\.m` is looked for in .*: import it relatively"):
        served(tmp_path, files, "code/a.py")
