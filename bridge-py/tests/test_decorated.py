"""Tools behind decorators, and methods of adapters: what is found of them, or said where they cannot be served."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import math
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, Optional, TypeVar

import pytest

from snakepit_bridge import BaseAdapter, Context, tool
from snakepit_bridge._codec.values import encode
from snakepit_bridge._protocol.enums import ToolKind
from snakepit_bridge.errors import InvalidParameter, ToolDefinitionError
from snakepit_bridge.tools.decorator import options_of
from snakepit_bridge.tools.discovery import inspect_tool
from snakepit_bridge.tools.members import tools_of_instance
from snakepit_bridge.tools.spec import ToolSpec

T = TypeVar("T")


def spec_of(function: Any) -> ToolSpec:
    options = options_of(function)
    assert options is not None
    return inspect_tool(function, options)


def called(spec: ToolSpec, **arguments: Any) -> Any:
    args, keywords = spec.binder.bind(encode(arguments), "the context")
    return spec.function(*args, **keywords)


def told(spec: ToolSpec) -> list[tuple[str, str, bool]]:
    return [(parameter.name, parameter.type, parameter.required) for parameter in spec.parameters]


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **keywords: Any) -> Any:
        return function(*args, **keywords)

    return wrapper


class Retried:
    """A decorator that is an object."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.function(*args, **keywords)


class RetriedMethod(Retried):
    def __get__(self, instance: Any, owner: Any) -> Any:
        return functools.partial(self, instance)


def count(n: int = 3) -> Any:
    """Counts."""
    yield from range(n)


async def later(n: int = 1) -> int:
    return n


async def ticks(n: int = 1) -> AsyncIterator[int]:
    yield n


def plain(n: int = 1) -> int:
    return n


KINDS = [
    (count, ToolKind.GENERATOR),
    (later, ToolKind.COROUTINE),
    (ticks, ToolKind.ASYNC_GENERATOR),
    (plain, ToolKind.FUNCTION),
]


@pytest.mark.proves("PY-02", "PY-06", "STREAM-02")
@pytest.mark.parametrize(
    "decorate", [timed, lambda f: timed(timed(f)), Retried, functools.lru_cache, functools.partial]
)
@pytest.mark.parametrize(("function", "kind"), KINDS)
def test_a_tool_is_what_its_decorators_wrap(decorate: Any, function: Any, kind: ToolKind) -> None:
    spec = spec_of(tool(decorate(function)))
    assert (spec.name, spec.kind, told(spec)) == (function.__name__, kind, [("n", "int", False)])
    assert spec.description == ("Counts." if function is count else "")
    with pytest.raises(InvalidParameter, match="parameter `n`: expected `int`"):
        called(spec, n="x")


@pytest.mark.proves("PY-02", "PY-06")
def test_either_order_will_do() -> None:
    @timed
    @tool(name="above")
    def f(n: int) -> Iterator[int]:
        yield n

    spec = spec_of(f)
    assert (spec.name, spec.kind, list(called(spec, n=2))) == ("above", ToolKind.GENERATOR, [2])


@pytest.mark.proves("PY-02")
def test_a_wrapper_that_waits_itself_gives_a_value() -> None:
    @tool
    @timed
    async def awaited() -> int:
        return 1

    def waiting(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **keywords: Any) -> Any:
            return asyncio.run(function(*args, **keywords))

        return wrapper

    assert spec_of(awaited).kind is ToolKind.COROUTINE
    spec = spec_of(tool(waiting(later)))
    assert (spec.kind, called(spec, n=5)) == (ToolKind.FUNCTION, 5)
    assert spec_of(tool(supports_streaming=False)(timed(count))).kind is ToolKind.FUNCTION


@pytest.mark.proves("PY-05", "PY-06")
def test_parameters_are_those_of_the_outermost_that_names_them() -> None:
    def with_database(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(query: str) -> Any:
            return function("the database", query)

        return wrapper

    def with_retries(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, retries: int = 3, **keywords: Any) -> Any:
            return retries, function(*args, **keywords)

        return wrapper

    def by_position(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    @tool
    @with_database
    def search(database: object, query: str) -> Any:
        return database, query

    assert called(spec_of(search), query="q") == ("the database", "q")
    assert told(spec_of(search)) == [("query", "str", True)]
    retried = spec_of(tool(with_retries(plain)))
    assert [parameter.name for parameter in retried.parameters] == ["n", "retries"]
    assert called(retried, n=2, retries=1) == (1, 2)
    assert called(spec_of(tool(by_position(plain))), n=4) == 4


@pytest.mark.proves("PY-02")
def test_other_things_that_can_be_called() -> None:
    class Doubler:
        async def __call__(self, n: int) -> int:
            """Doubles."""
            return 2 * n

        def half(self, n: int) -> float:
            return n / 2

    @functools.singledispatch
    def show(value: Any, width: int = 1) -> Any:
        return "any", value, width

    @show.register
    def _(value: int, width: int = 1) -> Any:
        return "int", value, width

    assert called(spec_of(tool(math.sqrt)), x=4) == 2.0
    assert called(spec_of(tool(Doubler().half)), n=1) == 0.5
    assert called(spec_of(tool(show)), value=1, width=2) == ("int", 1, 2)
    doubler = spec_of(tool(name="double")(Doubler()))
    assert (doubler.kind, doubler.description, told(doubler)) == (ToolKind.COROUTINE, "Doubles.", [("n", "int", True)])


@pytest.mark.proves("PY-02")
def test_what_is_made_of_a_tool_is_none() -> None:
    @tool
    def add(a: int, b: int) -> int:
        return a + b

    assert options_of(functools.partial(add, 1)) is None


@pytest.mark.proves("PY-06", "PY-07")
def test_the_context_may_be_missing() -> None:
    @tool
    def f(a: int, call: Context | None = None) -> Any:
        return a, call

    @tool
    def g(a: int, call: Optional[Context] = None) -> Any:  # noqa: UP045 - it is written so, too
        return a, call

    @tool
    def h(a: int, session_context=None) -> Any:  # type: ignore[no-untyped-def]
        return a, session_context

    for each in (f, g, h):
        assert called(spec_of(each), a=1) == (1, "the context")
        assert told(spec_of(each)) == [("a", "int", True)]


class Base(BaseAdapter, Generic[T]):
    @tool(name="renamed", description="Said once.")
    def overridden(self, x: T) -> Any:
        return x

    @tool
    def inherited(self, items: list[T]) -> Any:
        return items


class Derived(Base[int]):
    @dataclasses.dataclass
    class Place:
        x: int

    def overridden(self, x: int, y: int = 2) -> Any:
        return x, y

    @tool
    @staticmethod
    def static(a: int) -> Any:
        return a

    @staticmethod
    @tool
    def static_too(a: int) -> Any:
        return a

    @tool
    @classmethod
    def of_class(cls, a: int) -> Any:
        return cls.__name__, a

    @classmethod
    @tool
    def of_class_too(cls, a: int) -> Any:
        return cls.__name__, a

    @tool
    def hidden(self, __x: int, _y: int = 0) -> Any:  # noqa: PYI063 - a name, as people write it
        return __x, _y

    @tool
    def named(self, args: int, kwargs: int, context: int, timeout: int, cls: int) -> Any:
        return args + kwargs + context + timeout + cls

    @RetriedMethod
    @tool
    def retried(self, a: int) -> Any:
        return type(self).__name__, a

    @tool
    @RetriedMethod
    def retried_too(self, a: int) -> Any:
        return type(self).__name__, a

    @tool
    @timed
    def streamed(self, a: int) -> Any:
        yield a

    @tool
    def placed(self, place: Place) -> Any:  # its class sees the name, its module does not
        return place

    @property
    def broken(self) -> Any:
        raise AssertionError("nobody asked for it")


METHODS: list[tuple[str, dict[str, Any], Any]] = [
    ("renamed", {"x": 1}, (1, 2)),
    ("inherited", {"items": [1]}, [1]),
    ("static", {"a": 1}, 1),
    ("static_too", {"a": 1}, 1),
    ("of_class", {"a": 1}, ("Derived", 1)),
    ("of_class_too", {"a": 1}, ("Derived", 1)),
    ("hidden", {"__x": 1, "_y": 2}, (1, 2)),
    ("named", {"args": 1, "kwargs": 1, "context": 1, "timeout": 1, "cls": 1}, 5),
    ("retried", {"a": 1}, ("Derived", 1)),
    ("retried_too", {"a": 1}, ("Derived", 1)),
    ("placed", {"place": {"x": 1}}, Derived.Place(1)),
]


@pytest.mark.proves("PY-02", "PY-03", "PY-06")
def test_methods_of_every_form() -> None:
    tools = {spec.name: spec for spec in tools_of_instance(Derived())}
    assert [*tools] == ["renamed", "inherited", *(name for name, *_ in METHODS[2:-1]), "streamed", "placed"]
    for name, arguments, value in METHODS:
        assert called(tools[name], **arguments) == value, name
        assert tools[name].notice == "", name
    assert list(called(tools["streamed"], a=1)) == [1]
    assert tools["renamed"].description == "Said once."
    with pytest.raises(InvalidParameter, match=r"`items\[0\]`: expected `int`"):
        called(tools["inherited"], items=["x"])


@pytest.mark.proves("PY-03")
def test_an_adapter_may_be_a_dataclass() -> None:
    @dataclasses.dataclass
    class Counter(BaseAdapter):
        start: int = 3

        @tool
        def begin(self) -> int:
            return self.start

    assert [called(spec) for spec in tools_of_instance(Counter())] == [3]


def broken_adapters() -> Iterator[tuple[Callable[[], type[BaseAdapter]], str]]:
    def no_self() -> type[BaseAdapter]:
        class Broken(BaseAdapter):
            @tool
            def add(a: int, b: int) -> int:  # type: ignore[misc]
                return a + b

        return Broken

    def nothing_at_all() -> type[BaseAdapter]:
        class Broken(BaseAdapter):
            @tool
            def add() -> int:  # type: ignore[misc]
                return 1

        return Broken

    def a_property() -> type[BaseAdapter]:
        class Broken(BaseAdapter):
            @property
            @tool
            def add(self) -> int:
                return 1

        return Broken

    def an_object_for_a_decorator() -> type[BaseAdapter]:
        class Broken(BaseAdapter):
            @tool
            @Retried
            def add(self, a: int) -> int:
                return a

        return Broken

    def async_init() -> type[BaseAdapter]:
        class Broken(BaseAdapter):
            async def __init__(self) -> None:  # type: ignore[misc]
                pass

        return Broken

    def dispatched() -> type[BaseAdapter]:
        class Broken(BaseAdapter):
            @functools.singledispatchmethod
            @tool
            def add(self, a: Any) -> Any:
                return a

        return Broken

    def without_wraps() -> type[BaseAdapter]:
        def bare(function: Any) -> Any:
            def wrapper(*args: Any, **keywords: Any) -> Any:
                return function(*args, **keywords)

            return wrapper

        class Broken(BaseAdapter):
            add = tool(name="add")(bare(plain))

        return Broken

    yield no_self, "'add' is a method without `self`.*test_decorated.py:[0-9]+"
    yield nothing_at_all, "put `self` before its parameters"
    yield a_property, "`.*Broken.add` is a property"
    yield an_object_for_a_decorator, "its decorator `Retried` has no `__get__`"
    yield async_init, "belongs into `async def initialize"
    yield dispatched, "let the tool be a plain method"
    yield without_wraps, r"takes `\*args`.*functools.wraps"


@pytest.mark.proves("PY-02", "PY-03")
@pytest.mark.parametrize(("make", "message"), [*broken_adapters()])
def test_what_cannot_be_served_says_what_to_change(make: Callable[[], type[BaseAdapter]], message: str) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        [*tools_of_instance(make()())]


@pytest.mark.proves("PY-02")
def test_a_fault_has_its_place_in_the_source() -> None:
    @tool(supports_streaming=True)
    def f() -> int:
        return 1

    with pytest.raises(ToolDefinitionError, match=r"`yield` its chunks.*\(.*test_decorated.py:[0-9]+\)"):
        spec_of(f)
    with pytest.raises(ToolDefinitionError, match="cannot be found out"):
        tool(max)
    with pytest.raises(ToolDefinitionError, match="got a property"):
        tool(property(plain))  # type: ignore[call-overload]
