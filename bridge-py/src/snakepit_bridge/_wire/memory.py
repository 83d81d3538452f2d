"""A wire inside one process: two peers, two threads, the same bytes as on any other wire."""

from __future__ import annotations

from threading import Thread

from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.frame_codec import FrameCodec


class MemoryWire:
    """Connects two peers. Usable in a ``with``; leaving it ends the connection for both.

    ``fault`` is what one of them said that ended it, if it was that.
    """

    def __init__(self, one: Peer, other: Peer, codec: FrameCodec) -> None:
        self.fault: BaseException | None = None
        self._codec = codec
        self._peers = (one, other)
        self._threads = [
            Thread(target=self._carry, args=(one, other), name="memory-wire-there", daemon=True),
            Thread(target=self._carry, args=(other, one), name="memory-wire-back", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Ends the connection and waits (s) until nothing moves any more."""
        for peer in self._peers:
            peer.lost()
        for thread in self._threads:
            thread.join(timeout)

    def __enter__(self) -> MemoryWire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _carry(self, source: Peer, target: Peer) -> None:
        try:
            for message in source.outbox.messages(self._codec):
                target.receive(self._codec.read(b"".join(message)))
        except BaseException as fault:
            self.fault = fault
            for peer in self._peers:
                peer.lost()
