"""Results, exceptions and streams that fight back: each ends in its error, and the worker serves the next call."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from host import Host
from snakepit_bridge._codec.values import decode

WIDE = (256, 1 << 20)

REFUSED = [
    *("__repr__", "__eq__", "__hash__", "__str__", "__class_getitem__", "__getattr__", "__len__"),
    *(
        "model_dump raises",
        "to_dict raises",
        "tolist raises",
        "model_dump itself",
        "to_dict itself",
        "isoformat itself",
    ),
    *("cycle", "cyclic_dict", "deep", "endless", "fraction", "complex", "coroutine_function", "file"),
    *("lock", "module", "class", "key", "exception", "surrogate"),
]

ERRORS = [
    *("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "MemoryError", "RecursionError"),
    *("StopIteration", "StopAsyncIteration", "CancelledError", "Rude", "Long", "Lying", "Odd"),
    *(["group"] if sys.version_info >= (3, 11) else []),
]


@pytest.fixture(scope="module")
def worker() -> Iterator[Host]:
    with Host("hostile.py") as host:
        yield host


@pytest.fixture
def hostile(worker: Host) -> Iterator[Host]:
    """The worker, which has to be as good as new after the test."""
    yield worker
    assert worker.call("fine") == worker.call("fine_async") == "fine"


@pytest.mark.proves("PAYLOAD-05", "ERR-02")
@pytest.mark.parametrize("tool", ["result", "result_async"])
@pytest.mark.parametrize("kind", REFUSED)
def test_results_that_cannot_travel_are_refused(hostile: Host, tool: str, kind: str) -> None:
    error = hostile.error(tool, {"kind": kind})
    assert error.code == "unserializable_value", error
    assert tool in error.message
    assert len(error.message) < 10_000


@pytest.mark.proves("PAYLOAD-05", "ERR-02")
@pytest.mark.parametrize("tool", ["result_stream", "result_stream_async"])
@pytest.mark.parametrize("kind", ["__repr__", "cycle", "deep", "endless", "leaves", "lock", "to_dict raises", "key"])
def test_chunks_that_cannot_travel_end_their_stream(hostile: Host, tool: str, kind: str) -> None:
    values, end = hostile.chunks(hostile.start(tool, {"kind": kind}, window=WIDE))
    assert values == [0]
    assert end.error.code in ("unserializable_value", "python_error"), end


@pytest.mark.proves("PAYLOAD-05")
def test_a_conversion_that_wants_to_leave_ends_its_call_only(hostile: Host) -> None:
    for tool in ("result", "result_async"):
        assert hostile.error(tool, {"kind": "leaves"}).code in ("unserializable_value", "python_error")


@pytest.mark.proves("PAYLOAD-01")
@pytest.mark.parametrize(
    ("kind", "check"),
    [("decimal", lambda value: value == "1.10"), ("digits", lambda value: value == 10**5000), ("nan_key", bool)],
)
def test_odd_results_that_can_travel(hostile: Host, kind: str, check: Any) -> None:
    end = hostile.end(hostile.start("result", {"kind": kind}))
    assert (
        end.error.code == "unserializable_value"
        if end.WhichOneof("outcome") == "error"
        else check(decode(end.ok.value))
    )


@pytest.mark.proves("PAYLOAD-05")
def test_a_result_that_changes_while_it_is_encoded_ends_the_call(hostile: Host) -> None:
    end = hostile.end(hostile.start("changing"))
    if end.WhichOneof("outcome") == "ok":
        assert decode(end.ok.value)["0"] == [0]
    else:
        assert end.error.code in ("unserializable_value", "python_error")


@pytest.mark.proves("ERR-02", "CLEAN-01")
@pytest.mark.parametrize("tool", ["raising", "raising_async"])
@pytest.mark.parametrize("kind", ERRORS)
def test_whatever_is_raised_ends_its_call_only(hostile: Host, tool: str, kind: str) -> None:
    error = hostile.error(tool, {"kind": kind})
    assert error.code == "python_error"
    assert len(error.SerializeToString()) < 1 << 20


@pytest.mark.proves("ERR-02", "STREAM-01")
@pytest.mark.parametrize("tool", ["raising_stream", "raising_stream_async"])
@pytest.mark.parametrize("at", [0, 3])
@pytest.mark.parametrize("kind", ERRORS)
def test_whatever_a_stream_raises_comes_after_its_items(hostile: Host, tool: str, kind: str, at: int) -> None:
    values, end = hostile.chunks(hostile.start(tool, {"kind": kind, "at": at}, window=WIDE))
    assert values == list(range(at))
    assert end.error.code == "python_error", end


@pytest.mark.proves("STREAM-01", "CANCEL-02")
@pytest.mark.parametrize("suffix", ["", "_async"])
def test_generators_that_misbehave_on_the_way_out(hostile: Host, suffix: str) -> None:
    values, end = hostile.chunks(hostile.start(f"raises_in_finally{suffix}", window=WIDE))
    assert values == [0, 1]
    assert end.error.exception.message == "finally"
    for tool in ("raises_in_finally", "yields_in_finally"):
        call = hostile.start(tool + suffix, window=(1, 1 << 20))
        hostile.next(call, "items")
        hostile.cancel(call)
        assert hostile.end(call).WhichOneof("outcome") == "cancelled"


@pytest.mark.proves("STREAM-01")
def test_odd_iterators(hostile: Host) -> None:
    def outcome(kind: str) -> Any:
        values, end = hostile.chunks(hostile.start("returns", {"kind": kind}, window=WIDE))
        return values or end.error.code

    assert outcome("both") == [1, 2]
    assert outcome("only_next") == "python_error"
    assert outcome("wrong") == "python_error"
    assert outcome("close_raises") == "python_error"


@pytest.mark.proves("STREAM-05")
def test_only_a_chunk_or_a_dict_marks_the_end(hostile: Host) -> None:
    values, end = hostile.chunks(hostile.start("fakes", window=WIDE))
    assert values == [{"plain": 1}, {"is_final": "yes"}, {"is_final": 1}]
    assert end.ok.marked is False
