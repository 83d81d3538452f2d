"""What a tool gives decides what becomes of it, whatever a decorator has hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host import Host
from snakepit_bridge._codec.values import decode

WIDE = (256, 1 << 20)
MAIN, LOOP = "MainThread", "snakepit-loop"


@pytest.fixture(scope="module")
def wrapped() -> Iterator[Host]:
    with Host("wrapped.py") as host:
        yield host


@pytest.mark.proves("PY-02", "STREAM-01")
@pytest.mark.parametrize(
    ("tool", "where", "returned"),
    [("numbers", MAIN, "returned"), ("numbers_async", LOOP, None), ("numbers_from_a_coroutine", MAIN, None)],
)
@pytest.mark.parametrize("window", [WIDE, (1, 1)])
def test_iterators_stream_where_they_belong(
    wrapped: Host, tool: str, where: str, returned: Any, window: Any, tmp_path: Path
) -> None:
    path = tmp_path / "marks"
    items, end = wrapped.chunks(wrapped.start(tool, {"what": str(path)}, window=window))
    assert items == [1, where]
    assert decode(end.ok.value) == returned
    assert path.read_text() == "closed\n"


@pytest.mark.proves("PY-02", "STREAM-01")
def test_other_iterators_stream_too(wrapped: Host) -> None:
    assert wrapped.chunks(wrapped.start("mapped", {"what": "ab"}, window=WIDE))[0] == ["A", "B"]


@pytest.mark.proves("PY-02", "CANCEL-01", "CANCEL-02")
@pytest.mark.parametrize("tool", ["numbers", "numbers_async", "numbers_from_a_coroutine"])
def test_streams_that_went_on_elsewhere_are_left_as_any(wrapped: Host, tool: str, tmp_path: Path) -> None:
    path = tmp_path / "marks"
    call = wrapped.start(tool, {"what": str(path)}, window=(1, 1 << 20))
    wrapped.next(call, "items")
    wrapped.cancel(call)
    assert wrapped.end(call).WhichOneof("outcome") == "cancelled"
    assert path.read_text() == "closed\n"


@pytest.mark.proves("PY-02", "API-02")
def test_awaitables_are_awaited_on_the_loop(wrapped: Host) -> None:
    call = wrapped.start("value", {"what": "a"})
    assert decode(wrapped.next(call, "progress").value) == {"value": 0.5}
    assert decode(wrapped.end(call).ok.value) == ["a", LOOP]
    assert wrapped.call("future", {"what": "b"}) == "b"
    assert wrapped.call("twice", {"what": "c"}) == "c"
    assert wrapped.error("refuses", {"what": "d"}).exception.type == "LookupError"


@pytest.mark.proves("CANCEL-02", "CANCEL-03", "POOL-06")
def test_one_that_is_awaited_holds_up_nobody_and_is_cancelled_as_any(wrapped: Host, tmp_path: Path) -> None:
    path = tmp_path / "marks"
    call = wrapped.start("waits", {"what": str(path)})
    wrapped.log(lambda line: line.call == call and line.message == "there")
    assert wrapped.call("plain") == [1, 2]  # on the main thread, where the first one began
    wrapped.cancel(call)
    end = wrapped.end(call)
    assert end.cancelled.rung == 3
    assert not end.cancelled.HasField("error")
    assert path.read_text() == "finally\n"


@pytest.mark.proves("STREAM-02")
@pytest.mark.parametrize(
    ("tool", "kind", "hint"),
    [
        ("numbers", "generator", "`Iterator`"),
        ("numbers_async", "async_generator", "`AsyncIterator`"),
        ("numbers_from_a_coroutine", "generator", "`Iterator`"),
        ("mapped", "map", "`Iterator`"),
    ],
)
def test_a_call_for_a_value_names_the_hint_that_is_missing(wrapped: Host, tool: str, kind: str, hint: str) -> None:
    error = wrapped.error(tool, {"what": ""})
    assert error.code == "streaming_required"
    assert f"'{tool}' returned a `{kind}`, which streams" in error.message
    assert hint in error.message
    assert error.began
    assert not error.HasField("exception")


@pytest.mark.proves("STREAM-02")
def test_a_stream_of_a_plain_value_is_refused(wrapped: Host, calls: Host, tmp_path: Path) -> None:
    for tool, kind in (("plain", "list"), ("plain_async", "dict"), ("value", "list")):
        error = wrapped.error(tool, {"what": ""}, window=WIDE)
        assert error.code == "streaming_not_supported"
        assert f"'{tool}' does not stream, it returned a `{kind}`" in error.message
        assert error.began
    # Where the hint says so, the tool is not even run.
    error = calls.error("add", {"a": 1}, window=WIDE)
    assert (error.code, error.began) == ("streaming_not_supported", False)
    assert wrapped.error("file", {"path": str(tmp_path / "file")}).code == "unserializable_value"


@pytest.mark.proves("ERR-02", "PROC-03")
def test_exceptions_that_generators_are_made_of_end_their_call_only(wrapped: Host) -> None:
    for kind in ("StopIteration", "GeneratorExit", "StopAsyncIteration"):
        assert wrapped.error("stops", {"kind": kind}).exception.type == kind
        # Python itself makes a RuntimeError of one that would end the generator by accident.
        turned = "RuntimeError" if kind == "StopIteration" else kind
        assert wrapped.error("stops_async", {"kind": kind}).exception.type == turned
        items, end = wrapped.chunks(wrapped.start("stops_within", {"kind": kind}, window=WIDE))
        assert (items, end.error.exception.type) == ([1], turned)
    assert wrapped.call("plain") == [1, 2]
