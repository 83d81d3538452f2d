"""The adapter of a worker: what its calls and sessions need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snakepit_bridge._runtime.sessions import Record
from snakepit_bridge._runtime.variables import Variables, within
from snakepit_bridge.base_adapter import BaseAdapter, session_hooks
from snakepit_bridge.tools.spec import ToolSpec

# Calls a function of the adapter's on the main thread and waits for what it returns, where that is awaitable.
Invoke = Callable[..., Any]

# Tells the host of a step that failed where no call is left to fail.
Report = Callable[[str, BaseException], object]


class AdapterPlace:
    """The adapter of a worker. ``instance`` is shared by all calls when the lifecycle is "worker".

    With another lifecycle it was never initialised: the tools were found on it, and are bound anew for each call.
    """

    def __init__(self, instance: BaseAdapter | None) -> None:
        self.instance = instance
        self.kind: type[BaseAdapter] = type(instance) if instance is not None else BaseAdapter
        self.lifecycle = self.kind.lifecycle
        # Whether sessions need anything of the adapter: most adapters never hear of them.
        self.hears = self.lifecycle == "session" or bool(session_hooks(self.kind))

        # Whether its methods need nothing but to be called.
        self.is_plain = self.lifecycle == "worker" and not hasattr(self.kind, "set_session_context")
        # What every call begins with; as `initialize` left them, once it has run.
        self.variables = Variables()

    @classmethod
    def of(cls, kind: type[BaseAdapter] | None) -> AdapterPlace:
        """Makes the worker's instance, where the lifecycle wants one."""
        if kind is None:
            return cls(None)
        return cls(kind() if kind.lifecycle == "worker" else kind.__new__(kind))

    @property
    def shared(self) -> BaseAdapter | None:
        """The instance that lives as long as the worker, if there is one."""
        return self.instance if self.lifecycle == "worker" else None

    def start(self, invoke: Invoke) -> None:
        """Initialises the shared instance, if there is one. What it does to context variables holds for every call."""
        if self.shared is not None:
            invoke(self.shared.initialize)
        self.variables = Variables()

    def stop(self, invoke: Invoke) -> None:
        """Cleans up the shared instance, if there is one."""
        if self.shared is not None:
            invoke(self.shared.cleanup)

    def forget(self) -> None:
        """Lets go of the adapter, which lives in its module from now on, and ends with it."""
        self.instance = None
        self.kind = BaseAdapter

    def owns(self, spec: ToolSpec) -> bool:
        """True for methods of the adapter, false for plain functions beside it."""
        return self.instance is not None and getattr(spec.function, "__self__", None) is self.instance

    def settle(self, record: Record, invoke: Invoke, report: Report) -> None:
        """Tells the adapter that a session is over."""
        if not record.started:
            return
        record.started = False
        instance, variables = record.instance or self.instance, record.variables
        if instance is None or variables is None:
            return
        said = (instance.on_session_end, record.session, record.reason)
        attempt(report, "on_session_end", within, variables, invoke, *said)
        if record.instance is not None:
            attempt(report, "cleanup", within, variables, invoke, record.instance.cleanup)


def attempt(report: Report, step: str, invoke: Invoke, *call: Any) -> None:
    """Takes a step of the way out. What it raises is reported: nobody is left who could be told otherwise."""
    try:
        invoke(*call)
    except BaseException as error:
        report(step, error)
