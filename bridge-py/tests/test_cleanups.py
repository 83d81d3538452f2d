"""What a cancelled tool raises besides: in the record, and in its End."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from host import Host


@pytest.fixture(scope="module")
def worker() -> Iterator[Host]:
    with Host("cleanups.py") as host:
        yield host


def left(host: Host, tool: str, *, window: tuple[int, int] | None = None) -> Any:
    """The End of a call that is cancelled while its tool runs."""
    call = host.start(tool, window=window)
    if window is None:
        host.log(lambda line: line.call == call and line.message == "there")
    else:
        host.next(call, "items")
    host.cancel(call)
    end = host.end(call)
    assert end.WhichOneof("outcome") == "cancelled", end
    return end.cancelled


RAISED = [
    ("in_finally", None, "ValueError: checkpoint not written"),
    ("in_except", None, "KeyError: 'of the except'"),
    ("in_a_context_manager", None, "OSError: rollback failed"),
    ("wants_to_leave", None, "SystemExit: on cancel"),
    ("in_finally_async", None, "ValueError: checkpoint not written"),
    ("in_except_async", None, "KeyError: 'of the except'"),
    ("in_a_child", None, "ValueError: of the child"),
    ("at_a_yield", (2, 1 << 20), "ValueError: checkpoint not written"),
    ("at_a_yield_async", (2, 1 << 20), "ValueError: checkpoint not written"),
    ("goes_on_yielding", (2, 1 << 20), "RuntimeError: generator ignored GeneratorExit"),
    ("goes_on_yielding_async", (2, 1 << 20), "RuntimeError: async generator ignored GeneratorExit"),
]


@pytest.mark.proves("CANCEL-02", "ERR-02")
@pytest.mark.parametrize(("tool", "window", "text"), RAISED)
def test_what_it_raises_is_told_and_logged_with_its_traceback(
    worker: Host, tool: str, window: tuple[int, int] | None, text: str
) -> None:
    cancelled = left(worker, tool, window=window)
    assert cancelled.error.message == text
    assert cancelled.error.exception.type == text.partition(":")[0]
    line = worker.log(lambda line: line.message.startswith(f"tool '{tool}'"))
    assert line.message.startswith(f"tool '{tool}', which was cancelled, raised {text}\nTraceback (most recent call")
    assert line.level == 4
    if "Generator" not in text:
        assert "cleanups.py" in line.message


@pytest.mark.proves("CANCEL-02")
@pytest.mark.parametrize("tool", ["quiet", "goes_on", "goes_on_async"])
def test_one_that_just_leaves_has_nothing_to_tell(worker: Host, tool: str) -> None:
    assert not left(worker, tool).HasField("error")
