"""What a call stands in: an instance of the adapter, as the lifecycle wants it, and a session that has been started."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context as ContextVariables
from types import MethodType
from typing import Any

from snakepit_bridge._peer.failures import message_of
from snakepit_bridge._runtime.adapter_place import AdapterPlace, Invoke, Report, attempt
from snakepit_bridge._runtime.sessions import Record
from snakepit_bridge._runtime.variables import adopt, within
from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.errors import SessionNotStarted
from snakepit_bridge.tools.spec import ToolSpec


class Scope:
    """The place of one call. ``prepare`` and ``release`` happen on the main thread, around the tool."""

    __slots__ = ("_instance", "_owned", "_place", "_spec", "_variables", "makes_instance", "plain", "record")

    def __init__(self, place: AdapterPlace, spec: ToolSpec, record: Record | None) -> None:
        self._place = place
        self._spec = spec
        self.record = record
        self._instance: BaseAdapter | None = None
        # Those of the call's own instance.
        self._variables: ContextVariables | None = None
        self._owned = place.owns(spec)
        # True when the call needs an instance of its own.
        self.makes_instance = self._owned and place.lifecycle == "call"
        # True when the tool is called as it was found, with nothing before or after it: nearly always.
        self.plain = (record is None or not place.hears) and (not self._owned or place.is_plain)

    @property
    def ready(self) -> bool:
        """True when ``prepare`` has nothing to do."""
        return (self.record is None or self.record.started or not self._place.hears) and not self.makes_instance

    def prepare(self, invoke: Invoke) -> None:
        """Starts the session, if this is its first call here, and makes the call's own instance, if it needs one.

        Raises what the adapter raises, a session's failure as ``SessionNotStarted``.
        """
        record = self.record
        if record is not None and self._place.hears and not record.started:
            record.variables = self._place.variables.copy()
            within(record.variables, self._start, record, invoke)
            record.started = True
        if self.makes_instance:
            self._variables = self._place.variables.copy()
            self._instance = within(self._variables, self._make, invoke)

    def variables(self) -> ContextVariables:
        """The context variables that a call begins with."""
        return self._place.variables.copy()

    def adopt_variables(self) -> None:
        """Has the current call see what the hooks that ran for it, or for its session, did to context variables."""
        if self.record is not None and self.record.variables is not None:
            adopt(self.record.variables)
        if self._variables is not None:
            adopt(self._variables)

    @property
    def function(self) -> Callable[..., Any]:
        """The tool's function, bound to the instance that serves this call."""
        function, instance = self._spec.function, self._bound
        if instance is None or instance is self._place.instance:
            return function
        assert isinstance(function, MethodType)
        return MethodType(function.__func__, instance)

    @property
    def takes_context(self) -> Callable[[Any], Any] | None:
        """The adapter's ``set_session_context``, if it has one: called before each of its tools."""
        instance = self._bound
        return None if instance is None else getattr(instance, "set_session_context", None)

    def release(self, invoke: Invoke, report: Report) -> None:
        """Cleans up the call's own instance."""
        instance, self._instance = self._instance, None
        if instance is not None and self._variables is not None:
            attempt(report, "cleanup", within, self._variables, invoke, instance.cleanup)

    @property
    def _bound(self) -> BaseAdapter | None:
        place = self._place
        if not self._owned:
            return None
        if place.lifecycle == "session" and self.record is not None:
            return self.record.instance
        return self._instance or place.instance

    def _start(self, record: Record, invoke: Invoke) -> None:
        step = "initialize"
        instance = self._place.instance
        try:
            if self._place.lifecycle == "session":
                instance = record.instance = self._make(invoke)
            step = "on_session_start"
            if instance is not None:
                invoke(instance.on_session_start, record.session)
        except BaseException as error:
            made, record.instance = record.instance, None
            if made is not None:
                attempt(_ignore, "cleanup", invoke, made.cleanup)
            if not isinstance(error, Exception):
                raise
            raise SessionNotStarted(
                f"session '{record.session.id}' could not be started: `{step}` of `{self._place.kind.__qualname__}` "
                f"raised {type(error).__name__}: {message_of(error)[0]}",
                details={"session": record.session.id},
            ) from error

    def _make(self, invoke: Invoke) -> BaseAdapter:
        instance: BaseAdapter = invoke(self._place.kind)
        invoke(instance.initialize)
        return instance


def _ignore(_step: str, _error: BaseException) -> None:
    """The first failure is the one that is told."""
