"""Brings each call to where its tool runs."""

from __future__ import annotations

from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.event_loop import EventLoop
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge.errors import ToolNotFound
from snakepit_bridge.tools.table import ToolTable


class Dispatcher:
    """Looks the tool up and refuses calls that cannot be run; never waits."""

    def __init__(self, tools: ToolTable, main: MainThread, loop: EventLoop) -> None:
        self._tools = tools
        self._main = main
        self._loop = loop

    def serve(self, call: ServedCall) -> None:
        """Starts a call, or ends it with what is wrong with it."""
        try:
            spec = self._tools.find(call.tool)
        except ToolNotFound as error:
            call.refuse(error.code, error.message, error.details)
            return
        if call.stream and not spec.streams:
            call.refuse("streaming_not_supported", f"tool '{spec.name}' does not stream: call it for its value")
        elif spec.streams and not call.stream:
            call.refuse("streaming_required", f"tool '{spec.name}' streams: ask for its chunks")
        else:
            (self._loop if spec.is_async else self._main).start(call, spec)
