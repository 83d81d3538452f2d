"""What runs beside what, and what comes beside the data: progress and life signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from host import Host
from snakepit_bridge._codec.values import decode

WIDE = (256, 1 << 20)


@pytest.mark.proves("POOL-06", "PY-04")
def test_async_tools_run_at_the_same_time(attach: Callable[..., Host]) -> None:
    host = attach("together.py")
    calls = [host.start("meet", {"n": 20}) for _ in range(20)]
    assert [decode(host.end(call).ok.value) for call in calls] == [20] * 20


@pytest.mark.proves("POOL-06", "PY-04")
def test_sync_tools_run_one_at_a_time_in_order(attach: Callable[..., Host]) -> None:
    host = attach("together.py")
    calls = [host.start("step", {"number": number}) for number in range(20)]
    for call in calls:
        host.end(call)
    assert host.call("order") == [f"{word} {number}" for number in range(20) for word in ("in", "out")]


@pytest.mark.proves("STREAM-10")
@pytest.mark.parametrize(
    ("tool", "values", "options"),
    [
        ("progress_of_a_thread", [1], {}),
        ("progress_of_a_coroutine", [1, 2], {}),
        ("progress_of_a_generator", [1, 2], {"window": WIDE}),
    ],
)
def test_progress_comes_from_wherever_the_call_runs(
    together: Host, tool: str, values: list[int], options: dict[str, Any]
) -> None:
    call = together.start(tool, **options)
    came = []
    while (frame := together.next(call))[0] != "end":
        if frame[0] == "progress":
            came.append(decode(frame[1].value)["value"])
    assert came == values
    assert frame[1].WhichOneof("outcome") == "ok"


@pytest.mark.proves("STREAM-10")
def test_progress_is_bounded_and_never_blocks(together: Host) -> None:
    # The tool ends although it reports far more than the wire takes: what is too much is dropped, in order.
    call = together.start("progress_without_end", {"n": 50_000})
    came = []
    while (frame := together.next(call))[0] == "progress":
        came.append(decode(frame[1].value)["value"])
    assert decode(frame[1].ok.value) == 50_000
    assert came == sorted(set(came))
    assert together.error("too_much_progress").code == "value_too_large"


@pytest.mark.proves("FAULT-05")
def test_ticks_tell_python_s_own_progress(together: Host) -> None:
    first = together.ticks()
    assert together.ticks() == first + 1  # a ping, and nothing else
    together.call("order")
    assert together.ticks() == first + 3  # a call as well
