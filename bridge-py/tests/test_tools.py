"""What is found out about tools, and how arguments get into them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import snakepit_bridge
from snakepit_bridge import BaseAdapter, Context, StreamChunk, context, tool
from snakepit_bridge._codec.values import encode
from snakepit_bridge._protocol.enums import ToolKind
from snakepit_bridge.errors import InvalidParameter, NoCurrentCall, ToolDefinitionError, ToolNotFound
from snakepit_bridge.tools.decorator import options_of
from snakepit_bridge.tools.discovery import inspect_tool
from snakepit_bridge.tools.spec import ToolSpec
from snakepit_bridge.tools.table import ToolTable

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]


class Epoch(TypedDict):
    epoch: int
    loss: float


@dataclass
class Point:
    x: int
    y: int = 0


def spec_of(function: Any) -> ToolSpec:
    options = options_of(function)
    assert options is not None
    return inspect_tool(function, options)


def bound(function: Any, **arguments: Any) -> Any:
    args, keywords = spec_of(function).binder.bind(encode(arguments), "the context")
    return function(*args, **keywords)


@tool
def train(path: Path, epochs: int = 10, tags: list[str] | None = None) -> Iterator[Epoch]:
    """Train and report
    every epoch.

    More words.

    Args:
        path: where the data is,
            over two lines
        epochs (int): how many
    """
    for epoch in range(epochs):
        yield {"epoch": epoch, "loss": 1.0}


@pytest.mark.proves("PY-01")
def test_the_names_are_where_authors_look_for_them() -> None:
    from snakepit_bridge.adapters.showcase import tool as showcase
    from snakepit_bridge.base_adapter import BaseAdapter as Same

    assert Same is BaseAdapter is showcase.BaseAdapter
    assert showcase.tool is tool is snakepit_bridge.tool
    assert showcase.StreamChunk is StreamChunk
    assert set(snakepit_bridge.__all__) <= set(dir(snakepit_bridge))


@pytest.mark.proves("PY-02")
def test_a_tool_stays_the_function_it_was() -> None:
    assert next(train(Path("x"), 1)) == {"epoch": 0, "loss": 1.0}
    assert train.__name__ == "train"


@pytest.mark.proves("PY-06")
def test_signature_hints_and_docstring_are_told() -> None:
    spec = spec_of(train)
    assert (spec.name, spec.description, spec.kind) == ("train", "Train and report every epoch.", ToolKind.GENERATOR)
    assert [(p.name, p.type, p.required, p.default, p.description) for p in spec.parameters] == [
        ("path", "Path", True, "", "where the data is, over two lines"),
        ("epochs", "int", False, "10", "how many"),
        ("tags", "list[str] | None", False, "null", ""),
    ]
    schema = json.loads(spec.input_schema)
    assert schema["required"] == ["path"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["epochs"] == {"type": "integer", "default": 10, "description": "how many"}
    assert schema["properties"]["path"]["type"] == "string"
    assert "loss" in spec.chunk_schema
    assert spec.output_schema == ""


@pytest.mark.proves("PY-06")
@pytest.mark.parametrize(
    "docstring",
    [
        "Do.\n\n:param a: the first\n:param int b: the\n    second\n",
        "Do.\n\nArgs:\n    a: the first\n    b (int): the\n        second\n\nReturns:\n    c: not one\n",
        "Do.\n\nParameters\n----------\na : int\n    the first\nb\n    the second\n\nReturns\n-------\nc\n    no\n",
    ],
)
def test_docstrings_of_three_kinds(docstring: str) -> None:
    def do(a: int, b: int) -> int:
        return a + b

    do.__doc__ = docstring
    spec = spec_of(tool(do))
    assert spec.description == "Do."
    assert [parameter.description for parameter in spec.parameters] == ["the first", "the second"]


@pytest.mark.proves("STREAM-02", "PY-06")
def test_what_streams() -> None:
    def plain() -> int: ...  # type: ignore[empty-body]
    async def coroutine() -> int: ...  # type: ignore[empty-body]
    def generator() -> Generator[int, None, str]:
        yield 1
        return "done"

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    def iterator() -> Iterator[int]: ...  # type: ignore[empty-body]
    def async_iterator() -> AsyncIterator[int]: ...  # type: ignore[empty-body]
    def a_list() -> list[int]: ...  # type: ignore[empty-body]

    kinds = [
        (plain, ToolKind.FUNCTION),
        (coroutine, ToolKind.COROUTINE),
        (generator, ToolKind.GENERATOR),
        (async_generator, ToolKind.ASYNC_GENERATOR),
        (iterator, ToolKind.GENERATOR),
        (async_iterator, ToolKind.ASYNC_GENERATOR),
        (a_list, ToolKind.FUNCTION),
    ]
    for function, kind in kinds:
        assert spec_of(tool(function)).kind is kind
    assert json.loads(spec_of(generator).output_schema) == {"type": "string"}
    assert json.loads(spec_of(generator).chunk_schema) == {"type": "integer"}
    with pytest.raises(ToolDefinitionError, match="`yield` its chunks"):
        spec_of(tool(supports_streaming=True)(plain))
    with pytest.raises(ToolDefinitionError, match="is a generator"):
        tool(supports_streaming=False)(generator)
    assert spec_of(tool(supports_streaming=False)(iterator)).kind is ToolKind.FUNCTION


@pytest.mark.proves("PY-02", "BRIDGE-02")
def test_the_decorator_s_arguments() -> None:
    @tool(name="other.name", description="Says so.", metadata={"tier": 1})
    def f() -> None: ...

    spec = spec_of(f)
    assert (spec.name, spec.description, dict(spec.metadata)) == ("other.name", "Says so.", {"tier": "1"})
    for name in ("", "a b", "x" * 65, "1a", "../x"):
        with pytest.raises(ToolDefinitionError, match="no name for a tool"):
            tool(name=name)(f)
    with pytest.raises(ToolDefinitionError, match="expects a function"):
        tool(BaseAdapter)


@pytest.mark.proves("PY-05")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": "x"}, "tool 'add': parameter `a`: expected `int`, got `str`"),
        ({"a": 1, "points": [{"x": 1}, {"x": "y"}]}, "tool 'add': parameter `points[1].x`: expected `int`, got `str`"),
        ({}, "tool 'add': missing parameter `a`"),
        ({"a": 1, "pionts": []}, "tool 'add': unknown parameter `pionts`, did you mean `points`?"),
        ({"zzz": 1}, "tool 'add': missing parameter `a`; unknown parameter `zzz`; it takes `a`, `points`, `scale`"),
        ({"a": 1, "scale": 2**70}, "tool 'add': parameter `scale`: expected `str`, got `int`"),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], message: str) -> None:
    @tool
    def add(a: int, points: list[Point] = [], scale: str = "") -> int:  # noqa: B006 - never changed
        return a

    with pytest.raises(InvalidParameter) as raised:
        bound(add, **arguments)
    assert raised.value.message == message


@pytest.mark.proves("PY-05")
def test_arguments_are_converted() -> None:
    @tool
    def f(path: Path, point: Point, array: np.ndarray, big: int, real: float, free, /, *, last: bytes = b"d") -> Any:  # type: ignore[no-untyped-def]
        return path, point, array.tolist(), big, real, free, last

    given_ = {"path": "/a", "point": {"x": 1}, "array": [1, 2], "big": 2**70, "real": 1, "free": {"any": 1}}
    assert bound(f, **given_) == (Path("/a"), Point(1), [1, 2], 2**70, 1.0, {"any": 1}, b"d")
    assert bound(f, **{**given_, "array": np.ones(1), "last": b"x"})[2:] == ([1.0], 2**70, 1.0, {"any": 1}, b"x")


@pytest.mark.proves("PY-05")
def test_defaults_extras_and_hints_that_cannot_be_evaluated() -> None:
    marker = object()

    @tool
    def f(a: Unknown, b: Any = marker, **rest: int) -> Any:
        return a, b is marker, rest

    assert bound(f, a=[1], c=2) == ([1], True, {"c": 2})
    with pytest.raises(InvalidParameter, match="parameter `c`: expected `int`"):
        bound(f, a=1, c="x")
    assert spec_of(f).parameters[0].type == "Unknown"
    assert spec_of(f).parameters[1].default.startswith("<object object")
    with pytest.raises(ToolDefinitionError, match=r"`values: list\[...\]`"):

        @tool
        def g(*values: int) -> None: ...


@pytest.mark.proves("PY-05", "SEC-03")
@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda v: st.lists(v) | st.dictionaries(st.text(), v))
)
def test_no_arguments_do_more_than_be_refused(value: Any) -> None:
    spec = spec_of(train)
    try:
        args, keywords = spec.binder.bind(encode(value), None)
    except InvalidParameter:
        return
    assert not args
    assert isinstance(keywords["path"], Path)


@pytest.mark.proves("PY-07")
def test_a_context_parameter_is_given_and_not_told() -> None:
    @tool
    def f(a: int, call: Context) -> Any:
        return a, call

    assert bound(f, a=1) == (1, "the context")
    assert [parameter.name for parameter in spec_of(f).parameters] == ["a"]


@pytest.mark.proves("PY-07")
def test_the_context_outside_a_call_says_what_to_do() -> None:
    with pytest.raises(NoCurrentCall, match="use it inside a tool"):
        _ = context.cancelled
    assert "current call" in repr(context)


@pytest.mark.proves("STREAM-02")
def test_unknown_tools_come_with_the_closest() -> None:
    with pytest.raises(ToolNotFound, match="did you mean 'train'"):
        ToolTable([spec_of(train)]).find("trian")
