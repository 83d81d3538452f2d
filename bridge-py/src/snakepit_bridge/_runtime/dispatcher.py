"""Brings each call to where its tool runs."""

from __future__ import annotations

from functools import partial
from typing import Any, get_origin

from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.adapter_place import AdapterPlace
from snakepit_bridge._runtime.event_loop import EventLoop
from snakepit_bridge._runtime.handover import SyncSide
from snakepit_bridge._runtime.main_thread import MainThread
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge._runtime.sessions import SessionTable
from snakepit_bridge.errors import SessionRequired, ToolNotFound
from snakepit_bridge.tools import hints
from snakepit_bridge.tools.spec import ToolSpec
from snakepit_bridge.tools.table import ToolTable


class Dispatcher:
    """Looks the tool up and refuses calls that cannot be run; never waits."""

    def __init__(
        self,
        tools: ToolTable,
        place: AdapterPlace,
        sessions: SessionTable,
        main: MainThread,
        loop: EventLoop,
        sync: SyncSide,
    ) -> None:
        self._tools = tools
        self._place = place
        self._sessions = sessions
        loop.connect(main, sync)
        self._loop = loop
        self._sync = sync
        # Scopes that hold nothing of their call: one for each tool is enough.
        self._plain: dict[str, Scope] = {}
        # Tools of which it is certain that they give plain values.
        self._values: dict[str, bool] = {}

    def serve(self, call: ServedCall) -> None:
        """Starts a call, or ends it with what is wrong with it."""
        try:
            spec = self._tools.find(call.tool)
            if not call.session_id and self._place.lifecycle == "session" and self._place.owns(spec):
                raise SessionRequired(f"tool '{spec.name}' keeps an instance of its adapter for each session")
        except (ToolNotFound, SessionRequired) as error:
            call.refuse(error.code, error.message, error.details)
            return
        if call.stream and self._gives_value(spec):
            call.refuse("streaming_not_supported", f"tool '{spec.name}' does not stream: call it for its value")
        elif spec.streams and not call.stream:
            call.refuse("streaming_required", f"tool '{spec.name}' streams: ask for its chunks")
        else:
            self._start(call, spec)

    def forget(self) -> None:
        """Lets go of the tools and of their adapter; to be called when no call is left."""
        self._plain.clear()
        self._tools.clear()
        self._place.forget()

    def _start(self, call: ServedCall, spec: ToolSpec) -> None:
        scope = self._enter(call, spec) if call.session_id else self._without_session(spec)
        if spec.is_async:
            self._loop.start(call, spec, scope)
        else:
            self._sync.start(call, spec, scope)

    def _enter(self, call: ServedCall, spec: ToolSpec) -> Scope:
        record = self._sessions.enter(call.session_id, call.session_metadata)
        call.on_end = partial(self._sessions.leave, record)
        return Scope(self._place, spec, record)

    def _gives_value(self, spec: ToolSpec) -> bool:
        """True where the hint says so. Where nothing is said, a decorator may hide a generator: the result tells."""
        if spec.streams:
            return False
        known = self._values.get(spec.name)
        if known is None:
            hint = hints.resolved(spec.function).get("return", Any)
            iterates = hasattr(get_origin(hint) or hint, "__aiter__")
            known = self._values[spec.name] = hints.never_streams(hint) and not iterates
        return known

    def _without_session(self, spec: ToolSpec) -> Scope:
        scope = self._plain.get(spec.name)
        if scope is None:
            scope = Scope(self._place, spec, None)
            if scope.plain:
                self._plain[spec.name] = scope
        return scope
