"""What tools print never touches the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from host import Host


@pytest.mark.proves("PY-08")
def test_lines_reach_the_host_with_their_call(faults: Host) -> None:
    call = faults.start("noisy")
    lines = {}
    for _ in range(3):
        line = faults.log(lambda line: line.call == call)
        lines[line.message] = (line.source, line.level)
    assert lines == {
        "first": ("stdout", 2),
        "complaint": ("stderr", 3),
        "second half, bytes �": ("stdout", 2),
    }
    assert faults.end(call).WhichOneof("outcome") == "ok"


@pytest.mark.proves("PY-08")
def test_what_goes_past_python_goes_to_the_host_s_pipe(attach: Callable[..., Host]) -> None:
    host = attach("faults.py")
    assert host.call("noisy") == "quiet"
    assert host.process.popen.stdout is not None
    host.close_input()
    assert host.process.popen.stdout.read() == b"raw to 1\nfrom a child\n"


@pytest.mark.proves("PY-08")
def test_a_vandal_harms_only_its_own_output(attach: Callable[..., Host]) -> None:
    host = attach("faults.py")
    assert host.call("vandal") == "done"
    assert host.call("floods", {"lines": 3}) == 3
    assert host.call("vandal") == "done"


@pytest.mark.proves("PY-08")
def test_input_finds_nobody(faults: Host) -> None:
    assert faults.call("asks") == "nobody there"


@pytest.mark.proves("PY-08", "SEC-05")
def test_a_flood_is_bounded_and_counted(faults: Host) -> None:
    call = faults.start("floods", {"lines": 200_000})
    faults.end(call, timeout=30)
    faults.call("noisy")
    came = dropped = 0
    while not faults.logs.empty():
        line = faults.logs.get()
        came += line.message.startswith("flood")
        if line.source == "snakepit":
            dropped += int(line.message.split()[0])
    assert came + dropped == 200_000
