"""The worker's Hello: who it is, what it runs on, and which tools it offers."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from snakepit_bridge._protocol.enums import PROTOCOL_VERSION
from snakepit_bridge._protocol.frames import HELLO, Frame
from snakepit_bridge._version import __version__
from snakepit_bridge._versions import versions
from snakepit_bridge.tools.spec import ToolSpec
from snakepit_bridge.tools.table import ToolTable

_PACKAGES = ("grpcio", "protobuf", "msgspec", "numpy")


def hello(incarnation: str, token: str, tools: ToolTable) -> Frame:
    """The frame that a worker's side of an attachment begins with."""
    offered = [_tool(spec) for spec in tools]
    return (HELLO, PROTOCOL_VERSION, incarnation, token, ["msgpack"], __version__, _runtime(), offered)


def _tool(spec: ToolSpec) -> list[Any]:
    parameters = [
        [parameter.name, parameter.type, parameter.required, parameter.default, parameter.description]
        for parameter in spec.parameters
    ]
    schemas = [spec.input_schema, spec.output_schema, spec.chunk_schema]
    return [spec.name, spec.description, int(spec.kind), parameters, *schemas, dict(spec.metadata)]


def _runtime() -> list[Any]:
    python = [sys.executable or "", platform.python_version(), platform.python_implementation()]
    return [os.getpid(), *python, f"{sys.platform}-{platform.machine()}", versions(_PACKAGES)]
