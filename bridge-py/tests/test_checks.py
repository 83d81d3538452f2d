"""What a hint makes of a value, at any depth, and what is said of one that does not fit."""

from __future__ import annotations

import array
import collections
import dataclasses
import enum
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, Protocol, TypedDict, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pydantic
import pytest
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import NotRequired, Unpack

from snakepit_bridge import tool
from snakepit_bridge._codec import arrays
from snakepit_bridge._codec.values import encode
from snakepit_bridge.errors import InvalidParameter
from snakepit_bridge.tools.checks import sound
from snakepit_bridge.tools.decorator import options_of
from snakepit_bridge.tools.discovery import inspect_tool
from snakepit_bridge.tools.spec import ToolSpec

EVENING = datetime(2026, 1, 2, 23, 30, tzinfo=timezone.utc)
SOME_ID = "12345678-1234-5678-1234-567812345678"

T = TypeVar("T")
Few = TypeVar("Few", int, str)
Meters = NewType("Meters", int)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Circle:
    radius: float


@dataclasses.dataclass
class Square:
    side: float
    name: str = None  # type: ignore[assignment]


@dataclasses.dataclass
class Scaled:
    value: int
    factor: dataclasses.InitVar[int] = 2

    def __post_init__(self, factor: int) -> None:
        if factor < 0:
            raise ValueError("a factor is positive")
        self.value *= factor


@dataclasses.dataclass
class Tree:
    name: str
    data: bytes = b""
    children: list[Tree] = dataclasses.field(default_factory=list)


class Options(TypedDict):
    size: int
    day: NotRequired[date]


class Point(NamedTuple):
    x: int
    y: float = 0.0


class Packet(msgspec.Struct):
    id: int
    body: bytes = b""


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=str.upper)
    kind: Literal["dog"]
    tricks: list[float] = []


class Fish(pydantic.BaseModel):
    kind: Literal["fish"]
    fins: int


class Kennel(pydantic.BaseModel):
    cat: Cat


class Numbers(pydantic.RootModel[list[int]]):
    pass


@pydantic_dataclass
class Account:
    balance: pydantic.PositiveInt


@dataclasses.dataclass
class Owner:
    pet: Cat
    share: Annotated[int, pydantic.Field(gt=0)] = 1


class UserId(str):
    __slots__ = ()


class Quacks(Protocol):
    def quack(self) -> None: ...


def taking(hint: Any, **default: Any) -> ToolSpec:
    def take(v: Any) -> Any:
        return v

    take.__annotations__ = {"v": hint}
    take.__defaults__ = tuple(default.values())
    options = options_of(tool(take))
    assert options is not None
    return inspect_tool(take, options)


def made(hint: Any, value: Any) -> Any:
    return taking(hint).binder.bind(encode({"v": value}), None)[1]["v"]


def refused(hint: Any, value: Any) -> InvalidParameter:
    with pytest.raises(InvalidParameter) as raised:
        made(hint, value)
    return raised.value


@pytest.mark.proves("PY-05")
@pytest.mark.parametrize(
    ("hint", "value", "fit"),
    [
        (int, 3.0, 3),
        (int, 2**70, 2**70),
        (float, 3, 3.0),
        (float, 2**70, float(2**70)),
        (Decimal, "1.5", Decimal("1.5")),
        (Decimal, 1.1, Decimal("1.1")),
        (bytearray, b"x", bytearray(b"x")),
        (bytes | str, "text", "text"),
        (bytes | str, b"text", b"text"),
        (date, EVENING, date(2026, 1, 2)),
        (date, "2026-01-02", date(2026, 1, 2)),
        (date | datetime, EVENING, EVENING),
        (date | str, "2026-01-02", "2026-01-02"),
        (date | str, EVENING, date(2026, 1, 2)),
        (datetime, EVENING, EVENING),
        (datetime, "2026-01-02", datetime(2026, 1, 2)),  # noqa: DTZ001
        (time, "10:30", time(10, 30)),
        (timedelta, "PT1.5S", timedelta(seconds=1.5)),
        (uuid.UUID, SOME_ID, uuid.UUID(SOME_ID)),
        (Path | None, "/a", Path("/a")),
        (Color, "red", Color.RED),
        (Color | str, "red", Color.RED),
        (Color | str, "green", "green"),
        (Level | int, 2, Level.HIGH),
        (Level | int, 3, 3),
        (Literal["a", 1], 1, 1),
        (UserId, "me", UserId("me")),
        (Meters, 5, 5),
        (T, {"any": 1}, {"any": 1}),
        (float | int, 3, 3),
        (list[int] | str, "x", "x"),
        (set[int], [1, 1], {1}),
        (frozenset[str], ["a"], frozenset("a")),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (collections.deque[int], [1], collections.deque([1])),
        (Circle | Square, {"side": 2}, Square(2.0)),
        (Circle | Square, {"side": 2, "name": None}, Square(2.0)),
        (list[Circle | Square], [{"radius": 1}, {"side": 1}], [Circle(1.0), Square(1.0)]),
        (dict[str, int] | Circle, {"radius": 1}, Circle(1.0)),
        (dict[str, int] | Circle, {"other": 1}, {"other": 1}),
        (Scaled, {"value": 2, "factor": 3}, None),
        (Tree, {"name": "a", "children": [{"name": "b", "data": b"x"}]}, Tree("a", b"", [Tree("b", b"x")])),
        (Options, {"size": 1, "day": EVENING}, {"size": 1, "day": date(2026, 1, 2)}),
        (Point, [1], Point(1)),
        (Point, {"x": 1, "y": 2}, Point(1, 2.0)),
        (Packet, {"id": 1, "body": b"x"}, Packet(1, b"x")),
        (Annotated[int, "a number"], 1, 1),
        (Annotated[int, msgspec.Meta(ge=0)], 0, 0),
    ],
)
def test_what_fits(hint: Any, value: Any, fit: Any) -> None:
    result = made(hint, value)
    if hint is Scaled:
        assert result.value == 6
    else:
        assert (result, type(result)) == (fit, type(fit))


@pytest.mark.proves("PY-05")
@pytest.mark.parametrize(
    ("hint", "value", "fit"),
    [
        (dict[int, float], {"1": 0.5, "-2": 1}, {1: 0.5, -2: 1.0}),
        (dict[float, int], {"0.5": 1, "1e21": 2, "-Infinity": 3}, {0.5: 1, 1e21: 2, float("-inf"): 3}),
        (dict[date, int], {"2026-01-02": 1}, {date(2026, 1, 2): 1}),
        (dict[Color, int], {"red": 1}, {Color.RED: 1}),
        (dict[Level, int], {"1": 1}, {Level.LOW: 1}),
        (dict[uuid.UUID, int], {SOME_ID: 1}, {uuid.UUID(SOME_ID): 1}),
        (dict[Literal[1, 2], int], {"2": 1}, {2: 1}),
        (dict[bool, int], {"true": 1}, {True: 1}),
        (dict[int | None, int], {"null": 1}, {None: 1}),
        # Where a key may be text, it is text.
        (dict[int | str, int], {"1": 1, "a": 2}, {"1": 1, "a": 2}),
        (dict, {"1": 1}, {"1": 1}),
        (dict[Any, int], {"1": 1}, {"1": 1}),
        (Mapping[int, int], {"1": 1}, {1: 1}),
        (collections.OrderedDict[int, int], {"1": 1}, collections.OrderedDict({1: 1})),
        (collections.Counter[int], {"1": 3}, collections.Counter({1: 3})),
        (dict[str, dict[int, list[Point]]], {"a": {"1": [[2]]}}, {"a": {1: [Point(2)]}}),
    ],
)
def test_keys_are_what_the_hint_says(hint: Any, value: Any, fit: Any) -> None:
    result = made(hint, value)
    assert (result, type(result)) == (fit, type(fit))
    assert [type(key) for key in result] == [type(key) for key in fit]


@pytest.mark.proves("PY-05")
def test_a_defaultdict_has_the_default_of_its_values() -> None:
    result = made(collections.defaultdict[int, list[int]], {"1": [2]})
    assert (result[1], result[5]) == ([2], [])


@pytest.mark.proves("PY-05", "PAYLOAD-01")
@pytest.mark.parametrize(
    ("hint", "value", "fit"),
    [
        (list[float], np.array([1.5, 2]), [1.5, 2.0]),
        (list[int], np.array([1, 2]), [1, 2]),
        (list[list[float]], np.array([[1.5], [2]]), [[1.5], [2.0]]),
        (Sequence[float], np.array([1], dtype=np.float32), [1.0]),
        (tuple[float, ...], np.array([1.5]), (1.5,)),
        (bytes, np.array([1, 2], dtype=np.uint8), b"\x01\x02"),
        (array.array, np.array([1, 2], dtype=np.int16), array.array("h", [1, 2])),
        (array.array, [1.5], array.array("d", [1.5])),
    ],
)
def test_typed_arrays_fit_where_lists_do(monkeypatch: pytest.MonkeyPatch, hint: Any, value: Any, fit: Any) -> None:
    assert made(hint, value) == fit
    if isinstance(value, np.ndarray):
        data = encode({"v": value})
        monkeypatch.setattr(arrays, "loaded_numpy", lambda: None)
        monkeypatch.setattr(arrays, "find_spec", lambda name: None)
        assert taking(hint).binder.bind(data, None)[1]["v"] == fit


@pytest.mark.proves("PY-05")
def test_numpy_s_own_hints() -> None:
    assert made(npt.NDArray[np.float64], [1, 2]).dtype == np.float64
    assert made(npt.NDArray[np.float64], np.array([1], dtype=np.int32)).tolist() == [1.0]
    assert made(np.float32, 1.5) == np.float32(1.5)
    assert "got one of float64" in refused(npt.NDArray[np.int32], np.array([1.5])).message
    assert refused(np.ndarray, "x").message.endswith("expected `ndarray`, got `str`")


@pytest.mark.proves("PY-05", "ERR-01")
@pytest.mark.parametrize(
    ("hint", "value", "path", "text"),
    [
        (int, True, "v", "expected `int`, got `bool`"),
        (int, 1.5, "v", "expected `int`, got `float`"),
        (float, True, "v", "expected `float`, got `bool`"),
        (bool, 1, "v", "expected `bool`, got `int`"),
        (bytes, "password", "v", "expected `bytes`, got `str`"),
        (bytearray, "password", "v", "expected `bytes`, got `str`"),
        (list[bytes], [b"", "text"], "v[1]", "expected `bytes`, got `str`"),
        (Tree, {"name": "a", "children": [{"name": "b", "data": "text"}]}, "v.children[0].data", "got `str`"),
        (Packet, {"id": 1, "body": "password"}, "v.body", "expected `bytes`, got `str`"),
        (bytes | int, "text", "v", "expected `bytes | int`, got `str`"),
        (date, 5, "v", "expected `date`, got `int`"),
        (date, "tomorrow", "v", "got 'tomorrow'"),
        (time, EVENING, "v", "expected `time`"),
        (Decimal, "x", "v", "expected `Decimal`, got 'x'"),
        (uuid.UUID, "x", "v", "expected `UUID`, got 'x'"),
        (Color, "green", "v", "expected one of 'red', 'blue' (`Color`), got 'green'"),
        (Level, True, "v", "got True"),
        (Literal["a", 1], True, "v", "expected one of 'a', 1, got True"),
        (Few, 1.5, "v", "expected `int | str`, got `float`"),
        (date | str, 5, "v", "expected `date | str`, got `int`"),
        (Color | str, 5, "v", "expected `Color | str`, got `int`"),
        (tuple[int, str], [1], "v", "of 2 items, got 1"),
        (dict[int, int], {"a": 1}, "v.a", "expected a key that is `int`, got 'a'"),
        (dict[int, int], {"01": 1}, "v['01']", "expected a key that is `int`"),
        (dict[float, int], {"1": 1, "1.0": 2}, "v['1.0']", "two keys mean 1.0"),
        (dict[int, list[Point]], {"7": [[1], ["x"]]}, "v['7'][1][0]", "expected `int`, got `str`"),
        (dict[bytes, int], {"a": 1}, "v.a", "`bytes`"),
        (Circle | None, {"radius": "x"}, "v.radius", "expected `float`, got `str`"),
        (list[Circle | Square], [{"radius": 1}, "junk"], "v[1]", "expected `Circle | Square`, got `str`"),
        (
            Circle | Square,
            {"radius": "x"},
            "v",
            "as `Circle`: `radius`: expected `float`, got `str`; as `Square`: `side`",
        ),
        (Circle, {"raduis": 1}, "v.radius", "missing, `Circle` requires it: is `raduis` meant?"),
        (Scaled, {"value": 1, "factor": -1}, "v", "`Scaled` refuses it: ValueError: a factor is positive"),
        (Scaled, {"value": 1, "factor": "x"}, "v.factor", "expected `int`"),
        (Options, {"day": EVENING}, "v.size", "missing"),
        (Annotated[int, msgspec.Meta(ge=0)], -1, "v", "expected `int` >= 0, got -1"),
        (Annotated[str, msgspec.Meta(pattern="^a")], "b", "v", "that matches '^a', got 'b'"),
        (Quacks | int, 1.5, None, ""),
    ],
)
def test_what_does_not_fit_is_named(hint: Any, value: Any, path: str | None, text: str) -> None:
    if path is None:
        assert made(hint, value) == value  # the Protocol admits anything
        return
    error = refused(hint, value)
    assert text in error.message
    assert f"parameter `{path}`: " in error.message
    assert (error.details["parameter"], error.details["path"]) == ("v", path)


@pytest.mark.proves("PY-05", "PAYLOAD-04")
@pytest.mark.parametrize(
    ("hint", "value", "fit"),
    [
        (Cat, {"kind": "cat", "lives": 9}, Cat(kind="cat", lives=9)),
        (Cat | Dog, {"KIND": "dog"}, Dog.model_validate({"KIND": "dog"})),
        (Cat | str, "x", "x"),
        (dict[int, Cat], {"1": {"kind": "cat", "lives": 1}}, {1: Cat(kind="cat", lives=1)}),
        (Dog, {"KIND": "dog", "TRICKS": np.array([1.5])}, Dog.model_validate({"KIND": "dog", "TRICKS": [1.5]})),
        (Annotated[Cat | Numbers, pydantic.Field(description="x")], [1], Numbers([1])),
        (Numbers, [1], Numbers([1])),
        (Account, {"balance": 1}, Account(balance=1)),
        (Owner, {"pet": {"kind": "cat", "lives": 1}}, Owner(Cat(kind="cat", lives=1))),
        (pydantic.PositiveInt, 1, 1),
        (pydantic.HttpUrl, "https://x.y", pydantic.HttpUrl("https://x.y")),
        (pydantic.SecretStr, "x", pydantic.SecretStr("x")),
        (Annotated[list[str], pydantic.BeforeValidator(lambda v: v.split(","))], "a,b", ["a", "b"]),
        (Annotated[str, pydantic.StringConstraints(to_upper=True)], "a", "A"),
        (pydantic.PositiveInt | None, None, None),
    ],
)
def test_pydantic_s_hints_are_pydantic_s_to_check(hint: Any, value: Any, fit: Any) -> None:
    assert made(hint, value) == fit


@pytest.mark.proves("PY-05", "ERR-01")
@pytest.mark.parametrize(
    ("hint", "value", "path", "text"),
    [
        (list[Cat], [{"kind": "cat", "lives": 1}, {"kind": "cat", "lives": "x"}], "v[1].lives", "got 'x'"),
        (Cat, {"kind": "dog", "lives": "x"}, "v.kind", "expected 'cat', got 'dog' (also `lives`: expected a valid int"),
        (Cat | Dog, 7, "v", "expected `Cat | Dog`, got `int`"),
        (Cat | Dog, {"kind": "cat"}, "v", "as `Cat`: `lives`: missing; as `Dog`: `KIND`: missing"),
        (Cat | None, {"kind": "cat", "lives": "x"}, "v.lives", "got 'x'"),
        (Annotated[int, pydantic.Field(gt=0)], -1, "v", "expected greater than 0, got -1"),
        (Annotated[Cat | Fish, pydantic.Field(discriminator="kind")], {"kind": "fish"}, "v.fins", "missing"),
        (pydantic.PositiveInt, -1, "v", "expected `int` > 0, got -1"),
        (pydantic.PositiveInt, "5", "v", "expected `int`, got `str`"),
        (Annotated[bytes, pydantic.Field(max_length=9)], "password", "v", "expected `bytes`, got `str`"),
        (Annotated[list[int], pydantic.Field(min_length=1)], [], "v", "at least 1 item"),
        (pydantic.HttpUrl, "nope", "v", "got 'nope'"),
        (Account, {"balance": -1}, "v.balance", "got -1"),
        (Owner, {"pet": {"kind": "cat"}}, "v.pet.lives", "missing"),
        (Owner, {"pet": {"kind": "cat", "lives": 1}, "share": 0}, "v.share", "greater than 0"),
        (dict[int, Cat], {"1": {"kind": "cat", "lives": []}}, "v['1'].lives", "expected a valid integer"),
    ],
)
def test_what_pydantic_refuses_has_its_place(hint: Any, value: Any, path: str, text: str) -> None:
    error = refused(hint, value)
    assert text in error.message
    assert (error.details["parameter"], error.details["path"]) == ("v", path)


@pytest.mark.proves("PY-05")
def test_a_default_of_none_admits_null() -> None:
    spec = taking(int, v=None)
    assert spec.binder.bind(encode({"v": None}), None)[1] == {"v": None}
    assert '"type": "null"' in spec.input_schema
    with pytest.raises(InvalidParameter, match=r"expected `int \| None`, got `str`"):
        spec.binder.bind(encode({"v": "x"}), None)
    with pytest.raises(InvalidParameter, match="got `NoneType`"):
        taking(int, v=5).binder.bind(encode({"v": None}), None)


@pytest.mark.proves("PY-05")
@pytest.mark.parametrize(
    ("hint", "reason"),
    [
        (Callable[[int], int], "nothing that comes from TypeScript"),
        (type[int], "nothing that comes from TypeScript"),
        (Quacks, "it is a Protocol without `@runtime_checkable`"),
        ("Unknown", "this name is not there at run time"),
        ("list[Unknown]", "`Unknown`: this name"),
        ("Unknown | int", "`Unknown`: this name"),
    ],
)
def test_what_stays_unchecked_is_told(hint: Any, reason: str) -> None:
    spec = taking(hint)
    assert spec.notice.startswith("tool 'take' takes unchecked: `v` (")
    assert reason in spec.notice
    assert spec.binder.bind(encode({"v": [1]}), None)[1]["v"] == [1]


@pytest.mark.proves("PY-05")
def test_what_is_around_an_unknown_name_is_checked() -> None:
    assert "expected `list[Unknown]`, got `int`" in refused("list[Unknown]", 5).message


@pytest.mark.proves("PY-05")
def test_keywords_that_a_typed_dict_names() -> None:
    @tool
    def f(x: int, **options: Unpack[Options]) -> Any:
        return x, options

    options = options_of(f)
    assert options is not None
    spec = inspect_tool(f, options)
    assert [(p.name, p.required) for p in spec.parameters] == [("x", True), ("size", True), ("day", False)]
    assert spec.binder.bind(encode({"x": 1, "size": 2}), None)[1] == {"x": 1, "size": 2}
    with pytest.raises(InvalidParameter, match="parameter `size`: expected `int`"):
        spec.binder.bind(encode({"x": 1, "size": "2"}), None)


@pytest.mark.proves("PY-05")
def test_an_iterator_is_one() -> None:
    assert list(made(Iterator[int], [1, 2])) == [1, 2]


@pytest.mark.proves("PY-05")
@pytest.mark.parametrize(
    ("hint", "fast"),
    [
        (int, True),
        (list[dict[str, float]], True),
        (Tree, True),
        (Options, True),
        (str | None, True),
        (Annotated[int, msgspec.Meta(gt=0)], True),
        (pydantic.PositiveInt, False),
        (dict[int, int], False),
        (Scaled, False),
        (Cat, False),
        (Level | int, False),
        (Path, False),
    ],
)
def test_msgspec_checks_what_it_checks_alike(hint: Any, fast: bool) -> None:
    assert sound.decodes(hint) is fast


@pytest.mark.proves("PY-06")
def test_schemas_of_what_msgspec_does_not_know() -> None:
    def schema(hint: Any) -> Any:
        return json.loads(taking(hint).input_schema)

    assert schema(date | str)["properties"]["v"]["anyOf"] == [{"type": "string", "format": "date"}, {"type": "string"}]
    assert schema(Annotated[int, pydantic.Field(gt=0)])["properties"]["v"]["type"] == "integer"
    assert schema(pydantic.HttpUrl)["properties"]["v"]["format"] == "uri"
    kennel = schema(Kennel)
    assert kennel["properties"]["v"]["properties"]["cat"] == {"$ref": "#/$defs/Cat"}
    assert kennel["$defs"]["Cat"]["required"] == ["kind", "lives"]
    assert schema(Callable[[int], int])["properties"]["v"]["$comment"].startswith("unchecked: `Callable[[int], int]`")
