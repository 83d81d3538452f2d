"""A call that goes on elsewhere: what its tool gave is for the event loop, or for a thread of sync tools."""

from __future__ import annotations

from collections.abc import Awaitable
from concurrent.futures import Future
from contextvars import Context as Variables
from dataclasses import dataclass
from typing import Any, Protocol

from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge.tools.spec import ToolSpec


@dataclass(frozen=True)
class HandOver:
    """A call that has begun, with all that is its own."""

    call: ServedCall
    spec: ToolSpec
    scope: Scope
    context: Context
    variables: Variables
    result: Any


class LoopSide(Protocol):
    """The event loop, as the threads of sync tools know it. For any thread."""

    def complete(self, work: Awaitable[Any]) -> Future[tuple[Any, Variables]]:
        """Runs something awaitable to its end: its result, and the context variables that it left."""

    def take_over(self, job: HandOver) -> None:
        """Goes on with a call whose result has to be awaited or iterated there."""


class SyncSide(Protocol):
    """The threads of sync tools, as the event loop knows them. For any thread."""

    def start(self, call: ServedCall, spec: ToolSpec, scope: Scope) -> None:
        """Puts a call at the end of the queue."""

    def take_over(self, job: HandOver) -> None:
        """Puts the rest of a call, an iterator, at the end of the queue."""
