"""Context variables: what calls begin with, and that they leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from host import Host

SEEN = ["imported", "loaded", "nobody", 40]
WIDE = (256, 1 << 20)


@pytest.fixture(scope="module", params=[None, 1], ids=["main", "threads"])
def variables(request: pytest.FixtureRequest) -> Iterator[Host]:
    with Host("variables.py", threads=request.param) as host:
        yield host


@pytest.mark.proves("PROC-02", "PROC-03")
def test_a_call_sees_what_initialize_has_set_and_nothing_of_other_calls(variables: Host) -> None:
    for tool in ("sets", "sets_async") * 2:
        assert variables.call(tool, {"name": tool}) == SEEN


@pytest.mark.proves("PROC-02", "PROC-03")
@pytest.mark.parametrize("tool", ["streams", "streams_async"])
def test_a_generator_lives_in_one_context(variables: Host, tool: str) -> None:
    expected = [[0, "a"], [1, "a0"], [2, "a1"]]
    assert variables.chunks(variables.start(tool, {"name": "a"}, window=(1, 1 << 20)))[0] == expected
    # A token of another context could not be reset: that would be an error in the record.
    call = variables.start(tool, {"name": "b"}, window=(1, 1 << 20))
    variables.next(call, "items")
    variables.cancel(call)
    end = variables.end(call)
    assert end.WhichOneof("outcome") == "cancelled"
    assert not end.cancelled.HasField("error"), end
    assert variables.call("sets", {"name": "c"}) == SEEN


@pytest.mark.proves("PROC-02")
def test_calls_of_a_session_see_what_its_hooks_have_set(variables: Host) -> None:
    for tool in ("session", "session_async", "session"):
        assert variables.call(tool, session="s1") == "s1"
        assert variables.call(tool, session="s2") == "s2"
        assert variables.call(tool) == "not started"
    variables.end_session("s1")
    variables.end_session("s2")


@pytest.mark.proves("PROC-02")
def test_a_call_sees_what_its_own_instance_has_set() -> None:
    with Host("variables_per_call.py") as host:
        for number, tool in enumerate(("number", "number_async", "number"), 1):
            assert host.call(tool) == number
            host.log(lambda line, number=number: line.message == f"cleanup of {number}")  # type: ignore[misc]
