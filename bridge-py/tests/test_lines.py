"""Output cut into lines: complete ones at once, the others when they are flushed, redrawn or over."""

from __future__ import annotations

import io
import mmap
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakepit_bridge._runtime.black_box import BlackBox
from snakepit_bridge._runtime.lines import LONGEST_LINE, Lines
from snakepit_bridge._runtime.streams import Output


class Heard:
    """A stream, and the lines that came of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.noted: list[str] = []
        self.asked = 0
        self.cut = Lines(
            lambda text, _context: self.lines.append(text), lambda text, _: self.noted.append(text), self.ask
        )
        self.stream = Output("stdout", 1, self.cut, lambda _: False)

    def ask(self) -> None:
        """Somebody wants the clock to show what waits."""
        self.asked += 1


@pytest.fixture
def heard() -> Heard:
    """A stream of its own."""
    return Heard()


@pytest.mark.proves("PY-08")
@given(st.lists(st.text(alphabet="ab ü🐍\n", max_size=6), max_size=12))
def test_lines_are_what_the_pieces_say_however_they_are_cut(pieces: list[str]) -> None:
    text, data = Heard(), Heard()
    for piece in pieces:
        text.stream.write(piece)
        for byte in piece.encode():
            data.stream.buffer.write(bytes([byte]))
    whole = "".join(pieces)
    *expected, rest = whole.split("\n")
    assert text.lines == data.lines == expected
    text.cut.end_all()
    assert text.lines == expected + ([rest] if rest else [])


@pytest.mark.proves("PY-08")
@given(st.lists(st.sampled_from(["a", "b ", "\r", "\n"]), max_size=30), st.booleans())
def test_of_a_line_that_is_drawn_over_the_last_state_is_said(pieces: list[str], whole: bool) -> None:
    heard = Heard()
    for piece in ["".join(pieces)] if whole else pieces:
        heard.stream.write(piece)
    *ended, _ = "".join(pieces).split("\n")
    states = [[state for state in line.split("\r") if state] for line in ended]
    drawn = ["\r" in line for line in ended]
    last = [state[-1] if state else "" for state in states]
    assert heard.lines == [text.rstrip() if over else text for text, over in zip(last, drawn, strict=True)]


@pytest.mark.proves("PY-08")
def test_what_is_flushed_is_noted_at_once_and_asks_to_be_shown(heard: Heard) -> None:
    print("Loading", end="", file=heard.stream)
    assert (heard.noted, heard.asked) == ([], 0)
    heard.stream.flush()
    assert (heard.noted, heard.asked) == (["Loading"], 1)
    heard.cut.show()
    heard.cut.show()
    print(" done", file=heard.stream)
    assert heard.lines == ["Loading", " done"]


@pytest.mark.proves("PY-08")
def test_an_endless_line_does_not_gather(heard: Heard) -> None:
    for _ in range(10):
        heard.stream.write("x" * LONGEST_LINE)
    assert sum(map(len, heard.lines)) >= 8 * LONGEST_LINE


@pytest.mark.proves("PROC-02")
def test_a_stream_outlives_those_that_wrap_it(heard: Heard) -> None:
    for _ in range(2):
        wrapper = io.TextIOWrapper(heard.stream.buffer, encoding="utf-8")
        wrapper.write("wrapped\n")
        wrapper.flush()
        del wrapper
        heard.stream.close()
        heard.stream.detach().write(b"detached\n")
        heard.stream.buffer.detach().write(b"raw\n")  # type: ignore[attr-defined]
    assert heard.lines == ["wrapped", "detached", "raw"] * 2


@pytest.mark.proves("PROC-02")
def test_what_is_no_text_is_refused_as_by_any_stream(heard: Heard) -> None:
    wrong: Any = b"bytes"
    with pytest.raises(TypeError, match="must be str, not bytes"):
        heard.stream.write(wrong)
    with pytest.raises(TypeError):
        heard.stream.buffer.write("text")  # type: ignore[arg-type]


@pytest.mark.proves("FAULT-01")
def test_the_black_box_keeps_the_last_state_of_an_unended_line() -> None:
    ring = mmap.mmap(-1, 8 + 16 * 1024)
    box = BlackBox(ring)
    box.add("first")
    for state in ("10 %", "20 %", "30 %"):
        box.note(state, "a")
    assert _lines(ring) == ["first", "30 %"]
    box.note("other", "b")
    box.add("other, complete")
    assert _lines(ring) == ["first", "30 %", "other, complete"]
    for number in range(5000):
        box.note(f"state {number}", "a")
        box.add(f"line {number}")
    assert _lines(ring)[-2:] == ["state 4999", "line 4999"]


def _lines(ring: mmap.mmap) -> list[str]:
    """As the host reads it."""
    (written,) = struct.unpack_from("<Q", ring, 0)
    size = len(ring) - 8
    data = ring[8:]
    if written > size:
        end = written % size
        data = data[end:] + data[:end]
        return data.decode(errors="replace").split("\n")[1:-1]
    return data[:written].decode().split("\n")[:-1]
