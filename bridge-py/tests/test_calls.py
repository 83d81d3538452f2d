"""A real worker: calls, streams, windows, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from host import Host
from snakepit_bridge._codec.values import decode

WIDE = (256, 1 << 20)


@pytest.mark.proves("PY-02", "PY-04", "API-02")
def test_calls_give_values(calls: Host) -> None:
    assert calls.call("add", {"a": 1}) == 3
    assert calls.call("later", {"value": [1, {"x": b"y"}]}) == [1, {"x": b"y"}]


@pytest.mark.proves("PAYLOAD-01")
def test_big_integers_fit_an_int(calls: Host) -> None:
    assert calls.call("add", {"a": 2**80, "b": -1}) == 2**80 - 1


@pytest.mark.proves("STREAM-01", "STREAM-02", "STREAM-04")
@pytest.mark.parametrize("window", [WIDE, (1, 1), (3, 10)])
@pytest.mark.parametrize(("tool", "returned"), [("count", "done"), ("count_async", None)])
def test_streams_give_items_and_what_they_return(calls: Host, tool: str, returned: Any, window: Any) -> None:
    items, end = calls.chunks(calls.start(tool, {"n": 100}, window=window))
    assert items == [{"n": index} for index in range(100)]
    assert decode(end.ok.value) == returned
    assert not end.ok.marked


@pytest.mark.proves("STREAM-03")
def test_a_marked_chunk_ends_the_stream(calls: Host) -> None:
    items, end = calls.chunks(calls.start("marked", window=WIDE))
    assert (items, decode(end.ok.value), end.ok.marked, dict(end.ok.metadata)) == (
        [{"a": 1}],
        {"b": 2},
        True,
        {"last": "True"},
    )
    items, end = calls.chunks(calls.start("marked_dict", window=WIDE))
    assert (items, decode(end.ok.value), end.ok.marked) == ([{"a": 1}], {"b": 2, "is_final": True}, True)


@pytest.mark.proves("STREAM-02")
def test_returned_iterators_stream_and_refusals_have_codes(calls: Host, faults: Host) -> None:
    assert calls.chunks(calls.start("mapped", {"n": 3}, window=WIDE))[0] == ["0", "1", "2"]
    assert calls.error("add", {"a": 1}, window=WIDE).code == "streaming_not_supported"
    assert calls.error("count", {"n": 1}).code == "streaming_required"
    assert "returned a `int`" in faults.error("no_iterator", window=WIDE).message
    error = calls.error("ad", {"a": 1})
    assert error.code == "tool_not_found"
    assert "did you mean 'add'" in error.message


@pytest.mark.proves("STREAM-07")
@pytest.mark.parametrize("tool", ["count", "count_async"])
def test_the_generator_stops_at_the_end_of_its_window(calls: Host, tool: str) -> None:
    call = calls.start(tool, {"n": 10}, window=(3, 1 << 20))
    seen = 0
    while seen < 3:
        seen += len(calls.next(call, "items").sizes)
    calls.quiet(call)
    calls.credit(call, 1, 4)
    assert list(calls.next(call, "items").sizes) == [4]
    calls.quiet(call)
    calls.cancel(call)
    assert calls.end(call).WhichOneof("outcome") == "cancelled"


@pytest.mark.proves("STREAM-10", "PY-07", "PY-08")
def test_progress_and_lines_belong_to_their_call(calls: Host) -> None:
    call = calls.start("steps")
    assert decode(calls.next(call, "progress").value) == {"value": 0.5, "step": "half"}
    calls.end(call)
    printed = calls.log(lambda line: line.call == call)
    assert (printed.source, printed.message, printed.level) == ("stdout", "printed 1", 2)
    warned = calls.log(lambda line: line.call == call)
    assert (warned.source, warned.message, warned.level) == ("snakepit.tool", "warned", 3)


@pytest.mark.proves("PY-07", "POOL-04")
def test_the_context_knows_its_call(calls: Host) -> None:
    call = calls.start("who", time_left_ms=5000, metadata={"a": "b"})
    told = decode(calls.end(call).ok.value)
    assert (told["call"], told["worker"], told["metadata"]) == (call, "default-0", {"a": "b"})
    assert 4 < told["left"] <= 5


@pytest.mark.proves("STREAM-09")
@pytest.mark.parametrize("tool", ["breaks", "breaks_async"])
def test_items_come_before_the_error_that_follows_them(faults: Host, tool: str) -> None:
    items, end = faults.chunks(faults.start(tool, {"at": 50}, window=WIDE))
    assert len(items) == 50
    assert (end.error.code, end.error.exception.message) == ("python_error", "mid-stream")
    assert end.error.exception.frames[0].function.endswith(tool)


@pytest.mark.proves("PAYLOAD-01", "STREAM-09")
def test_a_chunk_that_cannot_be_sent_closes_the_generator_and_says_where(faults: Host, tmp_path: Path) -> None:
    path = tmp_path / "closed"
    items, end = faults.chunks(faults.start("unsendable", {"path": str(path)}, window=WIDE))
    assert items == [{"n": 0}]
    assert end.error.code == "unserializable_value"
    assert dict(end.error.details) == {"path": "$.rows[2].model", "type": "faults.Stubborn", "chunk": "1"}
    assert path.read_text() == "closed"
    assert faults.error("unsendable_value").details["path"] == "$.a"


@pytest.mark.proves("ERR-02")
def test_errors_keep_their_structure(faults: Host) -> None:
    exception = faults.error("raises", {"kind": "chain"}).exception
    assert (exception.type, exception.message, list(exception.bases)) == (
        "ValueError",
        "outer",
        ["Exception", "BaseException"],
    )
    assert (exception.cause.type, exception.cause.message) == ("KeyError", "'inner'")
    assert exception.frames[0].source == "raise failure from error"
    assert "_runtime" not in exception.traceback
    assert faults.error("raises", {"kind": "cycle"}).exception.cause.message == "two"


@pytest.mark.proves("ERR-02")
def test_errors_are_bounded(faults: Host) -> None:
    exception = faults.error("raises", {"kind": "huge"}).exception
    assert exception.truncated
    assert len(exception.message.encode()) <= 65536
    deep = faults.error("raises", {"kind": "recursion"}).exception
    assert (deep.type, len(deep.frames), deep.truncated) == ("RecursionError", 64, True)


@pytest.mark.proves("ERR-02")
@pytest.mark.parametrize(
    ("kind", "type_", "category"),
    [
        ("unprintable", "faults.Unprintable", ""),
        ("surrogate", "ValueError", ""),
        ("stop", "StopIteration", ""),
        ("shape", "ValueError", "shape"),
        ("memory", "MemoryError", "out_of_memory"),
        ("SystemExit", "SystemExit", ""),
        ("KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("GeneratorExit", "GeneratorExit", ""),
    ],
)
def test_every_exception_is_told_and_survived(faults: Host, kind: str, type_: str, category: str) -> None:
    error = faults.error("raises", {"kind": kind})
    assert (error.code, error.exception.type, error.exception.category) == ("python_error", type_, category)
    assert faults.call("asks") == "nobody there"


@pytest.mark.proves("POOL-04")
def test_a_call_without_time_is_not_run(cancels: Host) -> None:
    cancels.start("short", {"seconds": 0.05})
    end = cancels.end(cancels.start("short", time_left_ms=1))
    assert end.error.code == "timeout"


@pytest.mark.proves("PAYLOAD-03")
def test_large_values_pass_and_stall_nobody(calls: Host) -> None:
    blob = calls.start("echo", {"value": {"n": 1}})
    calls.end(blob)
    big = calls.start("mapped", {"n": 200_000}, window=(1 << 20, 1 << 30))
    small = calls.start("later", {"value": 1})
    assert decode(calls.end(small).ok.value) == 1
    assert len(calls.chunks(big)[0]) == 200_000
