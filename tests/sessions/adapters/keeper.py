"""Tools that keep something for their session; what the adapter is told of sessions is written down."""

import os
import time
from typing import Any

from snakepit_bridge import BaseAdapter, context, tool
from snakepit_bridge.base_adapter import Session


def note(line: str) -> None:
    """Writes a line that outlives this process."""
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")


class Keeper(BaseAdapter):
    """One instance per worker."""

    def on_session_start(self, session: Session) -> None:
        note(f"start {session.id} {os.getpid()}")
        if session.metadata.get("refuse") == "yes":
            raise PermissionError("no such guest")

    def on_session_end(self, session: Session, reason: str) -> None:
        note(f"end {session.id} {reason} {sorted(session.state)}")

    @tool
    def put(self, key: str, value: Any) -> int:
        """Keeps a value in the session."""
        context.state[key] = value
        return os.getpid()

    @tool
    def get(self, key: str) -> Any:
        """Gives back what was kept."""
        return context.state.get(key)

    @tool
    def grow(self) -> int:
        """Counts its calls in the session."""
        context.state["count"] = context.state.get("count", 0) + 1
        return context.state["count"]

    @tool
    def about(self) -> dict[str, Any]:
        """What Python knows of the session, and who it is."""
        return {
            "id": context.session_id,
            "metadata": dict(context.session_metadata),
            "pid": os.getpid(),
            "worker": context.worker_id,
        }

    @tool
    def whoami(self) -> int:
        """This worker."""
        return os.getpid()

    @tool
    def hold(self, gate: str) -> int:
        """Keeps this worker busy until the gate opens."""
        with open(gate + ".in", "w", encoding="utf-8"):
            pass
        while not os.path.exists(gate):
            time.sleep(0.002)
        return os.getpid()

    @tool
    def dies(self) -> None:
        """Takes its worker with it."""
        os._exit(3)
