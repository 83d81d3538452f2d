"""Who gets which instance of an adapter, and what happens to it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from snakepit_bridge import BaseAdapter, Session, tool
from snakepit_bridge.errors import ToolDefinitionError
from snakepit_bridge.testing import RemoteError, ToolTester


class Notes(BaseAdapter):
    """Writes down what happens to it, for all its instances together."""

    said: ClassVar[list[str]] = []
    fails: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self.say("made")

    def say(self, word: str) -> None:
        self.said.append(word)
        if word in self.fails:
            self.fails.remove(word)
            raise ValueError(f"no {word}")

    def initialize(self) -> None:
        self.say("initialize")

    async def cleanup(self) -> None:
        self.say("cleanup")

    @tool
    def number(self) -> int:
        self.say("call")
        return id(self)

    @tool
    async def number_async(self) -> int:
        self.say("call")
        return id(self)


class PerSession(Notes):
    lifecycle = "session"

    async def on_session_start(self, session: Session) -> None:
        self.say(f"start {session.id}")

    def on_session_end(self, session: Session, reason: str) -> None:
        self.say(f"end {session.id} {reason}")


class PerCall(Notes):
    lifecycle = "call"


@pytest.fixture(autouse=True)
def _silence() -> None:
    Notes.said.clear()
    Notes.fails.clear()


BORN, GONE = ["made", "initialize"], ["cleanup"]


@pytest.mark.proves("PY-03")
def test_lifecycle_worker_is_one_instance() -> None:
    with ToolTester(Notes) as tester:
        assert tester.call("number") == tester.call("number_async")
    assert Notes.said == [*BORN, "call", "call", *GONE]


@pytest.mark.proves("PY-03")
def test_lifecycle_call_is_an_instance_for_each_call() -> None:
    with ToolTester(PerCall) as tester:
        tester.call("number")
        tester.call("number_async")
        with tester.session("s") as session:
            session.call("number")
    assert Notes.said == [*BORN, "call", *GONE] * 3


@pytest.mark.proves("PY-03", "SESSION-05")
def test_lifecycle_session_is_an_instance_for_each_session() -> None:
    with ToolTester(PerSession) as tester:
        with tester.session("a") as session:
            number = session.call("number_async")
            assert session.call("number") == number
            with tester.session("b") as other:
                assert other.call("number") != number
        with pytest.raises(RemoteError, match=r"for each session: call it within a session, `pit.session\(id\)`") as no:
            tester.call("number")
        assert no.value.code == "invalid_parameter"
    first, second = [*BORN, "start a", "call", "call"], [*BORN, "start b", "call", "end b ended", *GONE]
    assert Notes.said == [*first, *second, "end a ended", *GONE]


@pytest.mark.proves("PY-03", "SESSION-05")
@pytest.mark.parametrize("fault", ["made", "initialize", "start s"])
@pytest.mark.parametrize("tool_", ["number", "number_async"])
def test_a_session_that_cannot_start_fails_its_call_and_is_tried_again(fault: str, tool_: str) -> None:
    with ToolTester(PerSession) as tester:
        Notes.fails.append(fault)
        with tester.session("s") as session:
            with pytest.raises(RemoteError, match=f"session 's' could not be started: .* ValueError: no {fault}") as no:
                session.call(tool_)
            assert no.value.code == "python_error"
            assert "in say" in no.value.traceback
            session.call(tool_)
    assert Notes.said[-6:] == [*BORN, "start s", "call", "end s ended", *GONE]


@pytest.mark.proves("PY-03")
def test_hooks_on_the_way_out_fail_alone() -> None:
    with ToolTester(PerSession) as tester:
        Notes.fails += ["end s ended", "cleanup"]
        with tester.session("s") as session:
            session.call("number")
        assert tester.faults == ["on_session_end: ValueError('no end s ended')", "cleanup: ValueError('no cleanup')"]


@pytest.mark.proves("PY-03")
def test_lifecycles_that_make_no_sense_are_refused_where_they_are_written() -> None:
    with pytest.raises(ToolDefinitionError, match=r"lifecycle 'sesion': use .*, did you mean 'session'\?"):

        class Misspelt(BaseAdapter):
            lifecycle = "sesion"  # type: ignore[assignment]

    with pytest.raises(ToolDefinitionError, match=r"no instance of it lives as long as a session: use"):

        class Deaf(BaseAdapter):
            lifecycle = "call"

            def on_session_start(self, session: Session) -> None: ...
