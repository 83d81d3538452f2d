"""A wire over one end of a socket pair that the worker was born with: messages with their length in front."""

from __future__ import annotations

import socket
from threading import Lock
from time import monotonic

from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._peer.strand import Strand
from snakepit_bridge._protocol.frame_codec import FrameCodec, Pieces
from snakepit_bridge._protocol.frames import Frame
from snakepit_bridge.errors import ProtocolError

MAX_MESSAGE_BYTES = (16 << 20) + (1 << 16)

_READ_BYTES = 1 << 16
# The system takes no more pieces in one write.
_MOST_PIECES = 512


class Pipe:
    """Frames in both directions. Only one thread at a time may receive; any thread may send."""

    def __init__(self, fd: int, codec: FrameCodec, peer: Peer) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._codec = codec
        self._peer = peer
        # Held from the moment that frames are taken for a message until the message has left.
        self._guard = Lock()
        # What the system had no room for, when nobody was to wait for it. It goes first.
        self._rest: Pieces = []
        # The beginning of a message that is not complete.
        self._front = b""
        self._large: _Large | None = None

    def fileno(self) -> int:
        """The descriptor, to wait for."""
        return self._socket.fileno()

    # What comes in.

    def receive(self) -> bool:
        """Takes in what has come, or waits for it. False when the other side has ended. Raises ``ProtocolError``."""
        if self._large is not None:
            return self._receive_large(self._large)
        data = self._socket.recv(_READ_BYTES)
        if not data:
            return False
        self._take(self._front + data if self._front else data)
        return True

    def _take(self, data: bytes) -> None:
        start, end = 0, len(data)
        while end - start >= 4:
            size = int.from_bytes(data[start : start + 4], "big")
            if not 1 <= size <= MAX_MESSAGE_BYTES:
                raise ProtocolError(f"a message of {size} bytes was announced; the limit is {MAX_MESSAGE_BYTES}")
            if end - start - 4 < size:
                if size > _READ_BYTES:
                    self._large = _Large(size, data[start + 4 :])
                    start = end
                break
            start += 4 + size
            self._peer.receive(self._codec.read(data[start - size : start]))
        self._front = data[start:]

    def _receive_large(self, large: _Large) -> bool:
        count = self._socket.recv_into(large.room)
        if count == 0:
            return False
        if large.add(count):
            self._large = None
            self._peer.receive(self._codec.read(bytes(large.message)))
        return True

    # What goes out.

    def send_all(self) -> None:
        """Sends what the outbox has, until it ends. For a thread of its own."""
        for pieces in self._peer.outbox.messages(self._codec, self._guard):
            self._send_rest()
            if pieces:
                self._write(_with_length(pieces))

    def send_now(self, strand: Strand, frame: Frame) -> bool:
        """Sends a frame past the outbox, if nothing is before it. False when it has to wait. For any thread."""
        guard = self._guard
        if not guard.acquire(blocking=False):
            return False
        try:
            if not strand.idle or self._rest:
                return False
            batch = self._codec.batch()
            batch.add(frame)
            data = b"".join(_with_length(batch.message()))
            try:
                sent = self._socket.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                return True  # nobody is there any more: whoever reads finds out
            if sent < len(data):
                self._rest = [memoryview(data)[sent:]]
                self._peer.outbox.stir()
            return True
        finally:
            guard.release()

    def flush(self) -> None:
        """Sends what waits in the outbox, unless somebody does so already. For a thread that has nothing else to do."""
        if not self._peer.outbox.waits or not self._guard.acquire(blocking=False):
            return
        try:
            self._send_rest()
            while pieces := self._peer.outbox.take(self._codec):
                self._write(_with_length(pieces))
        finally:
            self._guard.release()

    def finish(self, seconds: float) -> None:
        """Ends this direction, and waits for the other side to hang up: it may still read what was said last."""
        deadline = monotonic() + seconds
        try:
            self._socket.shutdown(socket.SHUT_WR)
            while (left := deadline - monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(_READ_BYTES):
                    return
        except OSError:
            pass  # it has hung up, or takes too long

    def _send_rest(self) -> None:
        rest, self._rest = self._rest, []
        if rest:
            self._write(rest)

    def _write(self, pieces: Pieces) -> None:
        at = 0
        try:
            while at < len(pieces):
                sent = self._socket.sendmsg(pieces[at : at + _MOST_PIECES])
                while at < len(pieces) and sent >= len(pieces[at]):
                    sent -= len(pieces[at])
                    at += 1
                if sent:
                    pieces[at] = memoryview(pieces[at])[sent:]
        except OSError:
            pass  # nobody is there any more: whoever reads finds out


class _Large:
    """A message that comes in many pieces: it is put together in the place where it stays."""

    def __init__(self, size: int, front: bytes) -> None:
        self.message = bytearray(size)
        self.message[: len(front)] = front
        self._filled = len(front)

    @property
    def room(self) -> memoryview:
        """Where the next bytes go."""
        return memoryview(self.message)[self._filled :]

    def add(self, count: int) -> bool:
        """Counts bytes that were put there. True when it is complete."""
        self._filled += count
        return self._filled == len(self.message)


def _with_length(pieces: Pieces) -> Pieces:
    size = sum(map(len, pieces))
    return [size.to_bytes(4, "big"), *pieces]
