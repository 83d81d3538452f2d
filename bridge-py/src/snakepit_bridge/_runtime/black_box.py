"""The last lines of this process, kept where its death cannot take them along.

The host gives a file without a name as descriptor 4. What is printed is copied into it at once: a segmentation fault in
the next line of the tool, or SIGKILL, takes along what was not sent yet, but not what the system keeps.

The file is a ring: eight bytes that count all bytes ever written (little-endian), then 16 KiB of lines.
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
import threading

FD = 4

_HEAD = 8
_RING = 16 * 1024


class BlackBox:
    """Takes lines. Without a file it takes none."""

    def __init__(self, ring: mmap.mmap | None) -> None:
        self._ring = ring
        self._written = 0
        # Bytes of the last line; its text and its writer where it has not ended yet.
        self._last = 0
        self._noted = ""
        self._writer: object = None
        # Reentrant: a signal handler of the tool's may print while it prints.
        self._lock = threading.RLock()

    @classmethod
    def claim(cls, fd: int = FD) -> BlackBox:
        """The box behind a descriptor, which is closed; an empty one where there is no file."""
        try:
            facts = os.fstat(fd)
            # A file with a name is somebody else's.
            if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 0:
                return cls(None)
        except OSError:
            return cls(None)
        try:
            # All of it now: a write into a hole of a full disk would end the process.
            os.posix_fallocate(fd, 0, _HEAD + _RING)
            return cls(mmap.mmap(fd, _HEAD + _RING))
        except OSError:
            return cls(None)
        finally:
            os.close(fd)

    def add(self, line: str) -> None:
        """Keeps a line; the oldest ones make room. It takes the place of what was noted of it."""
        self._put(line, instead=bool(self._noted) and line.startswith(self._noted))
        self._noted, self._writer = "", None

    def note(self, line: str, writer: object) -> None:
        """Keeps a line that has not ended yet; what its writer notes next takes its place."""
        self._put(line, instead=self._writer == writer)
        self._noted, self._writer = line, writer

    def _put(self, line: str, *, instead: bool) -> None:
        ring = self._ring
        if ring is None:
            return
        data = line.encode("utf-8", "backslashreplace")[-(_RING - 1) :].replace(b"\n", b" ") + b"\n"
        with self._lock:
            if instead:
                self._written -= self._last
            self._last = len(data)
            at = self._written % _RING
            first = data[: _RING - at]
            ring[_HEAD + at : _HEAD + at + len(first)] = first
            if rest := data[len(first) :]:
                ring[_HEAD : _HEAD + len(rest)] = rest
            self._written += len(data)
            struct.pack_into("<Q", ring, 0, self._written)

    def forked(self) -> None:
        """This is a child: the box is its parent's."""
        self._ring = None
