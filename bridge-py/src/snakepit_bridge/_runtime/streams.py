"""``sys.stdout`` and ``sys.stderr``: text streams that can do all that such streams can, and send lines."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, cast

from snakepit_bridge._runtime.lines import Lines

# Takes what is written before it is cut into lines; False leaves it to the lines.
Divert = Callable[[str], bool]


class Output(io.TextIOWrapper):
    """A text stream. Nothing that is written to it raises, and nobody can close it or take it apart for others."""

    def __init__(self, name: str, fd: int, lines: Lines, divert: Divert) -> None:
        self._lines = lines
        self._divert = divert
        raw = _Raw(f"<{name}>", fd, self._write_bytes)
        super().__init__(
            cast(BinaryIO, _Bytes(raw, lines)), "utf-8", "backslashreplace", line_buffering=True, write_through=True
        )
        self.mode = "w"  # type: ignore[misc]

    @property
    def layers(self) -> tuple[Any, ...]:
        """What others may have put a stream of their own around."""
        binary = cast(io.BufferedWriter, self.buffer)
        return binary, binary.raw

    def write(self, text: str, /) -> int:
        """Takes the text as it is: no encoding that ``reconfigure`` asks for makes it fail."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text and not self._divert(text):
            self._lines.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]
        """Writes one after the other."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Flushes. The next call prints to the same stream."""
        self.flush()

    def detach(self) -> BinaryIO:
        """The binary stream, for whoever wraps it anew; this one goes on as well."""
        self.flush()
        return cast(BinaryIO, self.buffer)

    def _write_bytes(self, data: Any) -> int:
        raw = bytes(data)
        if raw and not self._divert(raw.decode("utf-8", "replace")):
            self._lines.write_bytes(raw)
        return len(raw)


class _Bytes(io.BufferedWriter):
    """``sys.stdout.buffer``: bytes that become the same lines, and are not held back."""

    def __init__(self, raw: _Raw, lines: Lines) -> None:
        super().__init__(raw)
        self._raw = raw
        self._lines = lines

    def write(self, data: Any, /) -> int:
        return self._raw.write(data)

    def flush(self) -> None:
        self._lines.flush()

    def close(self) -> None:
        # A wrapper that somebody put around it closes it when it is collected.
        self.flush()

    def detach(self) -> io.RawIOBase:
        return self._raw


class _Raw(io.RawIOBase):
    """``fileno`` is the process's own output, for the tools' children."""

    def __init__(self, name: str, fd: int, write: Callable[[Any], int]) -> None:
        super().__init__()
        self.name = name
        self.mode = "wb"
        self._fd = fd
        self._write = write

    def write(self, data: Any, /) -> int:
        return self._write(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        # Colours and progress bars have no place in a log.
        return False

    def close(self) -> None:
        pass
