"""A session, as the adapters of one worker see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Session:
    """Calls that belong together. Every worker that serves one of them has a record of its own.

    ``id`` and ``metadata`` are the host's. ``state`` is free for the tools: it lives in this worker until the session
    ends, expires, or the worker leaves.
    """

    __slots__ = ("__weakref__", "id", "metadata", "state")

    def __init__(self, id: str, metadata: Mapping[str, str]) -> None:  # noqa: A002 - it is called so everywhere
        self.id = id
        self.metadata = metadata
        self.state: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<session '{self.id}'>"
