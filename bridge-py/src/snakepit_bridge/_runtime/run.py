"""A call while it runs, whichever thread runs it."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Mapping
from time import monotonic_ns
from typing import Any, Protocol

from snakepit_bridge._codec.split import encode_split
from snakepit_bridge._codec.values import encode
from snakepit_bridge._context import Context
from snakepit_bridge._peer.served import ServedCall
from snakepit_bridge._protocol.enums import CancelRung
from snakepit_bridge._runtime.results import WrongForm
from snakepit_bridge._runtime.scope import Scope
from snakepit_bridge.errors import CallCancelled, SnakepitError
from snakepit_bridge.tools.spec import ToolSpec


class Interrupter(Protocol):
    """What interrupts the tools of one thread; everything here is for that thread itself."""

    armed: Run | None
    """The run whose tool is on the thread's stack right now: it may be interrupted, and nothing else."""

    @property
    def pending(self) -> bool:
        """True while an interrupt may be on its way: ``settle`` has to be called when the tool has been left."""

    def leave(self) -> None:
        """The tool has been left: nothing interrupts from here on."""

    def settle(self) -> None:
        """Takes back what is on its way."""


class Run:
    """What all threads that run tools have in common: one call, one tool, one context."""

    __slots__ = ("asked", "call", "context", "interrupted", "over", "scope", "shields", "spec", "thrown")

    def __init__(
        self, call: ServedCall, spec: ToolSpec, worker_id: str, scope: Scope, context: Context | None = None
    ) -> None:
        self.call = call
        self.spec = spec
        self.scope = scope
        self.shields = 0
        # True once an interrupt was raised in the tool: there is never a second one.
        self.interrupted = False
        # True when it was raised into a thread that gave nothing else a turn.
        self.thrown = False
        self.over = False
        # When a loop of the tool's own was asked to leave.
        self.asked = 0.0
        if context is not None:
            # The tool has begun elsewhere, and holds it.
            context.move(self)
        self.context = context or Context(
            self,
            call_id=call.id,
            worker_id=worker_id,
            deadline_ns=call.deadline_ns,
            session=None if scope.record is None else scope.record.session,
            metadata=call.metadata,
        )

    # What the tool asks through its context.

    @property
    def cancelled(self) -> bool:
        """True once the caller wants the call to end."""
        return self.call.cancel_reason is not None

    def enter_shield(self) -> None:
        """Holds interrupts back."""
        self.shields += 1

    def leave_shield(self, *, raising: bool) -> None:  # noqa: ARG002 - for those that can raise
        """Lets interrupts through again."""
        self.shields -= 1

    def send_progress(self, value: Mapping[str, Any]) -> None:
        """Tells the caller how far the tool is; nothing once the call is over."""
        if not self.over:
            self.call.progress(encode(value))

    def send_log(self, frame: Any) -> bool | None:
        """Sends a log line in the course of the call."""
        if self.over:
            return None
        return self.call.strand.add_if_room((frame[0], self.call.id, *frame[2:]))

    # What the runtime does with it.

    def interrupt(self) -> None:
        """Asks the tool to leave; any thread may."""
        raise NotImplementedError

    def may_begin(self) -> bool:
        """Claims the call. False when it was cancelled, or its time is up, before its first line: then it has ended."""
        call = self.call
        if not call.claim():
            return False
        if call.cancel_reason is not None:
            call.end_cancelled(CancelRung.NOT_STARTED)
            return False
        if call.deadline_ns is not None and monotonic_ns() >= call.deadline_ns:
            call.fail("timeout", f"the deadline passed before tool '{call.tool}' began")
            return False
        return True

    def end_with_value(self, result: Any) -> None:
        """Ends a plain call with what the tool returned."""
        if self.cancelled:
            self.end_cancelled()
            return
        try:
            data = encode_split(result)
        except SnakepitError as error:
            details = {**error.details, "tool": self.spec.name}
            message = f"tool '{self.spec.name}' returned what cannot be sent: {error.message}"
            self.call.fail(error.code, message, details)
        except BaseException as error:  # code of the result's own, which may even want to leave the process
            self.end_with_exception(error)
        else:
            self.call.succeed(data)

    def end_with_exception(self, error: BaseException) -> None:
        """Ends the call with what the tool raised, or as cancelled where it was."""
        if self.cancelled:
            self.end_cancelled(None if is_cancel(error) else error)
            return
        if type(error) is WrongForm:
            self.call.fail(error.code, error.message, error.details)
            return
        self.call.fail_with(error)

    def finish(self) -> None:
        """The tool has been left for good. Unties the call: nothing of it waits for the garbage collector."""
        self.call.on_cancel = None
        del self.context

    def end_cancelled(self, raised: BaseException | None = None) -> None:
        """Ends the call as cancelled, on the rung that it came to, with what its tool raised besides."""
        rung = CancelRung.INTERRUPTED if self.interrupted else CancelRung.CLOSED
        self.call.end_cancelled(CancelRung.THROWN if self.thrown else rung, raised)


def is_cancel(error: BaseException) -> bool:
    """True where an exception says no more than that its call was cancelled."""
    # Nothing of the exception's own is run here: who knows what it does.
    kind = type(error)
    if issubclass(kind, _CANCELS):
        return True
    return _GROUP is not None and issubclass(kind, _GROUP) and all(map(is_cancel, _GROUP.exceptions.__get__(error)))


_CANCELS = (CallCancelled, asyncio.CancelledError, GeneratorExit)

# From Python 3.11 on.
_GROUP: Any = getattr(builtins, "BaseExceptionGroup", None)
