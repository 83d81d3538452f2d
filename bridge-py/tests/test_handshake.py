"""The start of a worker: what it answers, and what keeps it from starting."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from host import Host, channel
from process import FIXTURES, SOURCE, Process, flags
from snakepit_bridge._protocol.messages import METHOD


@pytest.mark.proves("WIRE-05")
@pytest.mark.parametrize(
    ("options", "stage", "words"),
    [
        ({"line": b"garbage\n"}, "bootstrap", "no JSON"),
        ({"line": b'{"snakepit": 2}\n'}, "bootstrap", "the host speaks 2"),
        ({"line": b'{"snakepit": 1}\n'}, "bootstrap", "`adapter`"),
        ({"adapter": {"file": "/nowhere/tools.py"}}, "adapter", "no file /nowhere/tools.py"),
        ({"adapter": {"module": "no_such_module"}}, "adapter", "No module named"),
        ({"adapter": {"file": str(FIXTURES / "calls.py"), "attribute": "ad"}}, "adapter", "did you mean `add`"),
        ({"adapter": {"file": str(FIXTURES / "calls.py"), "attribute": "add"}}, "adapter", "no `BaseAdapter` class"),
        ({"transport": {"kind": "grpc", "socket": "/dev/null/x.sock"}}, "listen", "could not be bound"),
        ({"transport": {"kind": "pigeon"}}, "listen", "'pigeon'"),
    ],
)
def test_failures_name_their_stage(
    start: Callable[..., Process], options: dict[str, Any], stage: str, words: str
) -> None:
    adapter = options.pop("adapter", "calls.py")
    process = start(adapter, **options)
    failure = process.answer()["failure"]
    assert (failure["stage"], process.popen.wait(5)) == (stage, 3)
    assert words in failure["message"]


@pytest.mark.proves("WIRE-05", "PY-03", "API-01")
@pytest.mark.parametrize(
    ("source", "stage", "words"),
    [
        ("import no_such_thing", "adapter", "No module named 'no_such_thing'"),
        ("raise SystemExit(1)", "adapter", "1"),
        ("x = 1", "adapter", "put `@tool`"),
        ("class A(BaseAdapter): pass\nclass B(BaseAdapter): pass", "adapter", "`A`, `B`: name the one to use"),
        ("@tool\ndef f(*values): pass", "tools", "`values: list[...]`"),
        ("@tool(supports_streaming=True)\ndef f() -> int: return 1", "tools", "`yield` its chunks"),
        ("@tool(supports_streaming=False)\ndef f(): yield 1", "tools", "is a generator"),
        ("@tool\ndef f(): pass\n@tool(name='f')\ndef g(): pass", "tools", "two tools are called 'f'"),
        ("@tool(name='a b')\ndef f(): pass", "tools", "no name for a tool"),
        ("class A(BaseAdapter):\n  def initialize(self): raise OSError('no model')\n  @tool\n  def f(self): pass",
         "initialize", "no model"),
        ("class A(BaseAdapter):\n  async def initialize(self): raise OSError('no model')\n  @tool\n  def f(self): pass",
         "initialize", "no model"),
    ],
)  # fmt: skip
def test_adapters_that_cannot_be_served(
    start: Callable[..., Process], tmp_path: Path, source: str, stage: str, words: str
) -> None:
    path = tmp_path / "tools.py"
    path.write_text(f"from snakepit_bridge import BaseAdapter, tool\n{source}\n")
    failure = start({"file": str(path)}).answer()["failure"]
    assert failure["stage"] == stage
    assert words in failure["message"]
    if source.startswith("import"):
        assert failure["traceback"].splitlines()[1].strip().startswith(f'File "{path}"')


@pytest.mark.proves("PY-02", "PY-03")
def test_an_adapter_and_the_plain_tools_beside_it(attach: Callable[..., Host], tmp_path: Path) -> None:
    path = tmp_path / "json.py"  # a name of the standard library's
    path.write_text(
        "import sibling\nfrom snakepit_bridge import BaseAdapter, tool\n"
        "class A(BaseAdapter):\n"
        "    async def initialize(self): self.n = sibling.N\n"
        "    def cleanup(self): open(__file__ + '.clean', 'w').close()\n"
        "    @tool\n    def n_of(self) -> int: return self.n\n"
        "    @tool\n    @staticmethod\n    def fixed() -> int: return 2\n"
        "    @property\n    def trap(self): raise AssertionError\n"
        "@tool\ndef plain() -> int: return 1\n"
    )
    (tmp_path / "sibling.py").write_text("N = 7\n")
    host = attach({"file": str(path)})
    assert sorted(tool.name for tool in host.hello.tools) == ["fixed", "n_of", "plain"]
    assert [host.call("n_of"), host.call("plain"), host.call("fixed")] == [7, 1, 2]
    host.process.popen.terminate()
    assert host.process.popen.wait(5) == 0
    assert (tmp_path / "json.py.clean").exists()


@pytest.mark.proves("WIRE-02", "SEC-01")
def test_addresses(attach: Callable[..., Host], calls: Host) -> None:
    host = attach("calls.py", transport={"kind": "grpc", "host": "127.0.0.1", "ports": [0, 0]})
    name, port = host.address.split(":")
    assert name == "127.0.0.1"
    assert host.call("add", {"a": 1}) == 3
    mode = os.stat(calls.address.removeprefix("unix://")).st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    ports = [int(port), int(port) + 9]
    other = attach("calls.py", transport={"kind": "grpc", "host": "127.0.0.1", "ports": ports})
    assert int(port) < int(other.address.split(":")[1]) <= ports[1]


@pytest.mark.proves("SEC-01", "CLEAN-03")
@pytest.mark.parametrize("token", [None, "", "h" * 63, "w" * 64])
def test_strangers_are_turned_away(calls: Host, token: str | None) -> None:
    with channel(calls.address) as stranger:
        attach: Any = stranger.stream_stream(METHOD)
        metadata = [] if token is None else [("snakepit-token", token)]
        with pytest.raises(grpc.RpcError) as raised:
            next(attach(iter([b"\xff\xff"]), metadata=metadata))
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert calls.call("add", {"a": 1}) == 3


@pytest.mark.proves("CLEAN-03")
def test_a_second_host_is_turned_away(calls: Host) -> None:
    with channel(calls.address) as second:
        attach: Any = second.stream_stream(METHOD)
        with pytest.raises(grpc.RpcError) as raised:
            next(attach(iter([]), metadata=[("snakepit-token", calls.process.host_token)]))
        assert raised.value.code() is grpc.StatusCode.ALREADY_EXISTS


@pytest.mark.proves("WIRE-05", "CLEAN-03")
def test_hello_tells_who_is_there(calls: Host) -> None:
    hello = calls.hello
    assert (hello.protocol, hello.incarnation, hello.token) == (1, "f00d", "w" * 64)
    assert list(hello.codecs) == ["msgpack"]
    assert hello.runtime.pid == calls.pid
    assert hello.runtime.packages["grpcio"]


@pytest.mark.proves("PY-10")
def test_by_hand_it_is_friendly() -> None:
    def by_hand(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *flags(), "-m", "snakepit_bridge", *arguments],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    assert "from snakepit_bridge import tool" in by_hand("--help").stdout
    assert by_hand("--version").stdout.startswith("snakepit_bridge 0.")
    assert "The npm package `snakepit` starts it" in by_hand().stderr
    assert by_hand("--nonsense").returncode == 2


@pytest.mark.proves("ENV-01", "WIRE-04")
def test_missing_requirements_come_with_the_command_that_mends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from snakepit_bridge import _requirements
    from snakepit_bridge._bootstrap import StartFailure

    wanted = (Path(__file__).parents[1] / "requirements.txt").read_text()
    assert all(f"{package}>={least}" in wanted for package, least in _requirements.MINIMUMS.items())
    _requirements.check("grpc")
    monkeypatch.setitem(_requirements.MINIMUMS, "no-such-package", "1.0")
    monkeypatch.setitem(_requirements.MINIMUMS, "grpcio", "99.0")
    with pytest.raises(StartFailure, match=r"grpcio .* is too old, 99.0 is needed; no-such-package is missing.*-m pip"):
        _requirements.check("grpc")
