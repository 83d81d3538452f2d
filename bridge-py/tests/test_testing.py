"""``snakepit_bridge.testing``: tools under test without a host."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from typing import Any

import pytest

from snakepit_bridge import BaseAdapter, CallCancelled, StreamChunk, context, tool
from snakepit_bridge.testing import RemoteError, ToolTester


class Shop(BaseAdapter):
    """Something to test."""

    def initialize(self) -> None:
        self.left: list[str] = []

    @tool
    def add(self, a: int, b: int = 0) -> int:
        context.progress(a + b)
        return a + b

    @tool
    def rows(self, n: int) -> Generator[Any, None, str]:
        try:
            for index in range(n):
                yield StreamChunk((index,), metadata={"k": "v"})
            return "all"
        finally:
            self.left.append("rows")

    @tool
    async def wait(self) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            self.left.append("wait")

    @tool
    def leavers(self) -> list[str]:
        return self.left


@tool
def plain(value: Any) -> Any:
    """Serves as a module's tool."""
    return value


@pytest.mark.proves("PY-09", "STREAM-10")
def test_values_pass_the_real_checks_and_the_real_encoding() -> None:
    with ToolTester(Shop) as tester:
        assert tester.call("add", a=1, b=2) == 3
        assert tester.progress == [{"value": 3}]
        with pytest.raises(RemoteError, match="parameter `a`: expected `int`, got `str`") as wrong:
            tester.call("add", a="1")
        assert wrong.value.code == "invalid_parameter"
        stream = tester.stream("rows", n=3)
        assert list(stream) == [[0], [1], [2]]  # tuples become lists on every wire
        assert stream.value == "all"


@pytest.mark.proves("PY-09", "CANCEL-02")
def test_cancels_reach_the_tool() -> None:
    with ToolTester(Shop) as tester:
        with tester.stream("rows", n=1000) as rows:
            assert next(rows) == [0]
        assert tester.call("leavers") == ["rows"]
        waiting = tester.begin("wait")
        tester.call("leavers")
        waiting.cancel()
        with pytest.raises(CallCancelled):
            waiting.result(5)


@pytest.mark.proves("PY-09")
def test_a_module_is_tested_with_the_adapter_in_it() -> None:
    with ToolTester(sys.modules[__name__]) as tester:
        assert tester.call("plain", value={"x": b"y"}) == {"x": b"y"}
        assert tester.call("add", a=1) == 1


@pytest.mark.proves("PY-09")
def test_a_failure_to_initialize_is_the_test_s() -> None:
    class Broken(BaseAdapter):
        def initialize(self) -> None:
            raise OSError("no model")

        @tool
        def never(self) -> None: ...

    with pytest.raises(OSError, match="no model"), ToolTester(Broken):
        pass
