"""The worker's Hello: who it is, what it runs on, and which tools it offers."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from snakepit_bridge._protocol.enums import PROTOCOL_VERSION
from snakepit_bridge._protocol.messages import Frame
from snakepit_bridge._version import __version__
from snakepit_bridge._versions import versions
from snakepit_bridge.tools.spec import ToolSpec
from snakepit_bridge.tools.table import ToolTable

_PACKAGES = ("grpcio", "protobuf", "msgspec", "numpy")


def hello(incarnation: str, token: str, tools: ToolTable) -> Any:
    """The frame that a worker's side of an attachment begins with."""
    frame = Frame()
    said = frame.hello
    said.protocol = PROTOCOL_VERSION
    said.incarnation = incarnation
    said.token = token
    said.codecs.append("msgpack")
    said.version = __version__
    _describe_runtime(said.runtime)
    for spec in tools:
        _describe_tool(spec, said.tools.add())
    return frame


def _describe_tool(spec: ToolSpec, tool: Any) -> None:
    tool.name = spec.name
    tool.description = spec.description
    tool.kind = int(spec.kind)
    tool.input_schema = spec.input_schema
    tool.output_schema = spec.output_schema
    tool.chunk_schema = spec.chunk_schema
    tool.metadata.update(spec.metadata)
    for parameter in spec.parameters:
        tool.parameters.add(
            name=parameter.name,
            type=parameter.type,
            required=parameter.required,
            default_value=parameter.default,
            description=parameter.description,
        )


def _describe_runtime(runtime: Any) -> None:
    runtime.pid = os.getpid()
    runtime.executable = sys.executable or ""
    runtime.version = platform.python_version()
    runtime.implementation = platform.python_implementation()
    runtime.platform = f"{sys.platform}-{platform.machine()}"
    runtime.packages.update(versions(_PACKAGES))
