"""The worker's Hello: who it is, what it runs on, and which tools it offers."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from snakepit_bridge._protocol.frames import Frame
from snakepit_bridge._versions import versions
from snakepit_bridge.tools.table import ToolTable

_PACKAGES = ("grpcio", "protobuf", "msgspec", "numpy")


def hello(incarnation: str, token: str, tools: ToolTable) -> Frame:
    """The frame that a worker's side of an attachment begins with."""


def _runtime() -> list[Any]:
    python = [sys.executable or "", platform.python_version(), platform.python_implementation()]
    return [os.getpid(), *python, f"{sys.platform}-{platform.machine()}", versions(_PACKAGES)]
