"""Values survive the wire, and those that cannot are refused with the place."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import Mock

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from snakepit_bridge._codec import arrays
from snakepit_bridge._codec.values import decode, encode
from snakepit_bridge.errors import UndecodableValue, UnserializableValue

texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts, st.binary())
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)
vectors = Path(__file__).parents[2] / "tests" / "vectors" / "codec.json"


@pytest.mark.proves("PAYLOAD-01")
@given(values)
def test_plain_values_come_back(value: Any) -> None:
    assert decode(encode(value)) == value


@pytest.mark.proves("PAYLOAD-01")
@given(st.integers(min_value=-(2**300), max_value=2**300))
def test_integers_of_any_size_come_back(value: int) -> None:
    assert decode(encode({"deep": [value]})) == {"deep": [value]}


@pytest.mark.proves("PAYLOAD-01")
@pytest.mark.parametrize("value", [math.inf, -math.inf, 5e-324, -0.0])
def test_odd_floats_come_back(value: float) -> None:
    assert repr(decode(encode(value))) == repr(value)
    assert math.isnan(decode(encode(math.nan)))


@pytest.mark.proves("PAYLOAD-01")
@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=-7)))))
def test_instants_come_back(value: datetime) -> None:
    assert decode(encode(value)) == value


@pytest.mark.proves("PAYLOAD-01")
def test_naive_datetimes_are_text() -> None:
    assert decode(encode(datetime(2024, 2, 29, 12, 30))) == "2024-02-29T12:30:00"  # noqa: DTZ001 - that is the case


@pytest.mark.proves("PAYLOAD-02")
@given(
    hnp.arrays(
        st.one_of(
            hnp.boolean_dtypes(),
            hnp.integer_dtypes(endianness="?"),
            hnp.unsigned_integer_dtypes(endianness="?"),
            hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
            hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
        ),
        hnp.array_shapes(min_dims=0, min_side=0, max_dims=4, max_side=4),
    )
)
def test_arrays_come_back(array: Any) -> None:
    for same in (array, array.T, array[::-1] if array.ndim else array):
        back = decode(encode([1, same]))[1]
        assert back.dtype == same.dtype.newbyteorder("=")
        assert back.flags.writeable
        np.testing.assert_array_equal(back, same)


@pytest.mark.proves("PAYLOAD-02")
def test_elements_begin_at_a_multiple_of_eight() -> None:
    for array in (np.array([1.5, 2.5]), np.zeros((1, 2, 3), "u1"), np.ones((300, 70_000), "i1")[:, :9]):
        content = bytes(msgspec.msgpack.decode(encode(array)).data)
        start = len(content) - array.nbytes
        assert content[start:] == array.tobytes()
        assert start % 8 == 0
        end = 2 + int.from_bytes(content[:2], "little")
        assert msgspec.msgpack.decode(content[2:end]) == [array.dtype.name, list(array.shape)]
        assert not any(content[end:start])


@pytest.mark.proves("PAYLOAD-02")
@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint16", "int32", "int64", "float32", "float64", "complex128", "float16"]
)
def test_arrays_are_shaped_views_without_numpy(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(np.ones((2, 3), dtype))
    monkeypatch.setattr(arrays, "loaded_numpy", lambda: None)
    monkeypatch.setattr(arrays, "find_spec", lambda _: None)
    view = decode(data)
    assert view.shape[:2] == (2, 3)
    assert bytes(view) == np.ones((2, 3), dtype).tobytes()


class Colour(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    a: int
    b: int


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None


class Record(msgspec.Struct):
    size: int


class Model:
    def model_dump(self) -> dict[str, Any]:
        return {"kind": "model", "when": Moment()}


class Moment:
    def isoformat(self) -> str:
        return "2024-01-01"


class Text(str):
    __slots__ = ()


class Number(int):
    pass


@pytest.mark.proves("PAYLOAD-04")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Point(1, Point(2)), {"x": 1, "y": {"x": 2, "y": None}}),
        (Point(2**70), {"x": 2**70, "y": None}),
        ([2**70, Colour.RED, Decimal(1), Moment()], [2**70, "red", "1", "2024-01-01"]),
        ([2**70, datetime(2024, 1, 1, tzinfo=timezone.utc)], [2**70, datetime(2024, 1, 1, tzinfo=timezone.utc)]),
        (Record(2**70), {"size": 2**70}),
        (Colour.RED, "red"),
        (Pair(1, 2), [1, 2]),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("/a/b"), "/a/b"),
        ({3}, [3]),
        ((1, (2,)), [1, [2]]),
        (Model(), {"kind": "model", "when": "2024-01-01"}),
        (Text("t"), "t"),
        (Number(7), 7),
        (np.float32(0.5), 0.5),
        (np.int64(-3), -3),
        (np.bool_(True), True),
        (np.str_("s"), "s"),
        (memoryview(b"abc")[::2], b"ac"),
        (bytearray(b"ab"), b"ab"),
    ],
)
def test_objects_convert(value: Any, expected: Any) -> None:
    assert decode(encode(value)) == expected


class Opaque:
    pass


class Raises:
    def to_dict(self) -> dict[str, Any]:
        raise ValueError("boo")


class Itself:
    def to_dict(self) -> Itself:
        return self


class Growing:
    def to_dict(self) -> dict[str, Any]:
        return {"more": Growing()}


def cycle() -> list[Any]:
    inner: list[Any] = []
    inner.append({"again": inner})
    return inner


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(20_000):
        value = [value]
    return value


@pytest.mark.proves("PAYLOAD-01", "PAYLOAD-04")
@pytest.mark.parametrize(
    ("make", "path", "words"),
    [
        (lambda: {"rows": [0, 1, 2, {"model": Opaque()}]}, "$.rows[3].model", "no way to send a `"),
        (lambda: {"odd key": Opaque()}, "$['odd key']", "Opaque"),
        (lambda: {"big": 2**80, "bad": Opaque()}, "$.bad", "Opaque"),
        (lambda: [Point(1, Opaque())], "$[0].y", "Opaque"),
        (lambda: {"a": ["ok", "\ud800"]}, "$.a[1]", "lone surrogate"),
        (Raises, "$", "raised ValueError: boo"),
        (Itself, "$", "returns the object itself"),
        (Growing, None, "too deep"),
        (cycle, "$[0].again", "contains itself"),
        (deep, None, "too deep"),
        (lambda: np.array([object()]), "$", "tolist()"),
        (lambda: np.array(["2020-01-01"], "datetime64[D]"), "$", "tolist()"),
        (lambda: {"z": 1j}, "$.z", "complex"),
        (Mock, "$", "Mock"),
    ],
)
def test_what_cannot_travel_says_where_and_why(make: Callable[[], Any], path: str | None, words: str) -> None:
    with pytest.raises(UnserializableValue) as raised:
        encode(make())
    assert words in raised.value.message
    assert path is None or raised.value.path == path


@pytest.mark.proves("STREAM-13")
@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x92\x01", encode([1])[:-1], b"\xd4\x07\x00", b"\xc7\x01\x01\x00"])
def test_bytes_that_are_no_value_are_refused(data: bytes) -> None:
    with pytest.raises(UndecodableValue):
        decode(data)


@pytest.mark.proves("SEC-03")
@given(st.binary(max_size=64))
def test_no_bytes_do_more_than_raise(data: bytes) -> None:
    try:
        decode(data)
    except UndecodableValue:
        pass


def read_vectors() -> list[tuple[str, bytes, Any]]:
    return [(one["name"], bytes.fromhex(one["hex"]), untagged(one["value"])) for one in json.loads(vectors.read_text())]


def untagged(value: Any) -> Any:
    """A vector's value from its JSON; one-key maps with a ``$`` stand for what JSON has no form for."""
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$bigint": text} | {"$float": text} if len(value) == 1:
            return int(text) if "$bigint" in value else float(text)
        case {"$bytes": text}:
            return bytes.fromhex(text)
        case {"$date": text}:
            return datetime.fromisoformat(text.replace("Z", "+00:00"))
        case {"$ndarray": {"dtype": dtype, "shape": shape, "hex": text}}:
            return np.frombuffer(bytes.fromhex(text), dtype).reshape(shape)
    return {key: untagged(item) for key, item in value.items()}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@pytest.mark.proves("PAYLOAD-01", "PAYLOAD-02")
@pytest.mark.skipif(not vectors.exists(), reason="the golden vectors are not there")
def test_golden_vectors_are_read_and_every_value_is_written_as_one() -> None:
    all_vectors = read_vectors()
    for name, data, value in all_vectors:
        assert same(decode(data), value), name
    for name, _, value in all_vectors:
        forms = [data for _, data, other in all_vectors if type(other) is type(value) and same(value, other)]
        # The nested one holds a big integer, of which its single form is the other side's.
        assert encode(value) in forms or name == "nested", name
