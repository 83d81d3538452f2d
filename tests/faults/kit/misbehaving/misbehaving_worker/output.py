"""Too much output, and output that wants to be taken for something else."""

from __future__ import annotations

import os
import subprocess
import sys

from misbehaving_worker import real
from misbehaving_worker.words import Mode, Told

_FORGED = (
    b"\x1b[31mred\x1b[0m\n"
    b"\x1b]52;c;c3RvbGVu\x07clipboard\n"
    b"progress 1%\rprogress 99%\n"
    b'{"snakepit": 1, "incarnation": "forged", "pid": 1, "address": "unix:///tmp/x"}\n'
    b"nul\0 c1\xc2\x9b del\x7f line\xe2\x80\xa8 bidi\xe2\x80\xae invalid\xff\xfe\n"
)


def _before(act: Mode) -> Mode:
    """Prints something, then serves as a real worker."""

    def run(told: Told) -> None:
        act(told)
        real.run()

    return run


def _floods(fd: int) -> Mode:
    def run(_: Told) -> None:
        block = (b"z" * 1023 + b"\n") * 64
        for _ in range(50 * 16):
            os.write(fd, block)

    return run


def _many_lines(_: Told) -> None:
    """A line for every few bytes, as fast as the pipe takes them."""
    block = b"i\n" * 32768
    for _ in range(20):
        os.write(1, block)


def _one_long_line(_: Told) -> None:
    for _ in range(160):
        os.write(2, b"w" * 65536)


def _forged(_: Told) -> None:
    os.write(1, _FORGED)
    os.write(2, _FORGED)


def keeps_stdout(_: Told) -> None:
    """Dies, and leaves a process behind that holds its output open, in a session of its own and without a guardian."""
    subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(8)"], start_new_session=True)
    os.write(1, b"gone\n")
    os._exit(4)


MODES: dict[str, Mode] = {
    "floods_stdout": _before(_floods(1)),
    "floods_stderr": _before(_floods(2)),
    "many_lines": _before(_many_lines),
    "one_long_line": _before(_one_long_line),
    "forged_lines": _before(_forged),
    "keeps_stdout": keeps_stdout,
}
