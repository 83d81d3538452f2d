"""The worker's gRPC server: one method, one attachment, raw bytes."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock, Thread

import grpc

from snakepit_bridge._peer.peer import Peer
from snakepit_bridge._protocol.messages import METHOD
from snakepit_bridge._wire.frames_proto import ProtoFrames

MAX_MESSAGE_BYTES = 16 << 20

TOKEN = "snakepit-token"

_OPTIONS = [
    # Without these, Python's servers share a port in silence, and loopback traffic goes to `http_proxy`.
    ("grpc.so_reuseport", 0),
    ("grpc.enable_http_proxy", 0),
    # The host pings every few seconds; Python's default policy would call that an attack.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", -1),
]


@dataclass(frozen=True)
class UnixAddress:
    """A socket in a directory that only this user can enter."""

    path: str


@dataclass(frozen=True)
class TcpAddress:
    """The first free port of a range; ``(0, 0)`` is any free port."""

    host: str
    first: int
    last: int


class GrpcServer:
    """Waits for one host that knows the token, and connects it with the peer.

    ``attached`` is called when the host is there, ``detached`` when it has gone; both on threads of the server.
    """

    def __init__(
        self, peer: Peer, token: str, attached: Callable[[], None], detached: Callable[[BaseException | None], None]
    ) -> None:
        self._peer = peer
        self._token = token.encode()
        self._attached = attached
        self._detached = detached
        self._codec = ProtoFrames()
        self._taken = Lock()
        # One thread stays with the attachment, the others turn strangers away.
        self._server = grpc.server(
            ThreadPoolExecutor(max_workers=4, thread_name_prefix="snakepit-grpc"),
            options=_OPTIONS,
            compression=grpc.Compression.NoCompression,
        )
        self._server.add_generic_rpc_handlers((_Attach(self._attach),))

    def listen(self, address: UnixAddress | TcpAddress) -> str:
        """Starts listening; returns the address to dial. Raises ``OSError`` when none can be bound."""
        bound = self._listen_unix(address) if isinstance(address, UnixAddress) else self._listen_tcp(address)
        self._server.start()
        return bound

    def stop(self, grace: float) -> None:
        """Stops, after at most ``grace`` seconds for what is still being sent."""
        self._server.stop(grace).wait(grace + 0.5)

    def _listen_unix(self, address: UnixAddress) -> str:
        url = f"unix://{address.path}" if address.path.startswith("/") else f"unix:{address.path}"
        # Nobody may connect in the moment between bind and chmod.
        umask = os.umask(0o177)
        try:
            self._bind(url)
        finally:
            os.umask(umask)
        os.chmod(address.path, 0o600)
        return url

    def _listen_tcp(self, address: TcpAddress) -> str:
        host = f"[{address.host}]" if ":" in address.host else address.host
        for port in range(address.first, address.last + 1):
            try:
                return f"{host}:{self._bind(f'{host}:{port}')}"
            except OSError:
                continue
        raise OSError(f"no port from {address.first} to {address.last} could be bound on {address.host}")

    def _bind(self, address: str) -> int:
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"{address} could not be bound: {error}") from error
        if port == 0:
            raise OSError(f"{address} could not be bound")
        return port

    def _attach(self, requests: Iterator[bytes], call: grpc.ServicerContext) -> Iterator[bytes]:
        offered = next((value for key, value in call.invocation_metadata() or () if key == TOKEN), "")
        data = offered if isinstance(offered, bytes) else offered.encode()
        if not hmac.compare_digest(data, self._token):
            call.abort(grpc.StatusCode.UNAUTHENTICATED, f"expected the host's token in metadata `{TOKEN}`")
        if not self._taken.acquire(blocking=False):
            call.abort(grpc.StatusCode.ALREADY_EXISTS, "another host is attached")
        self._attached()
        Thread(target=self._read, args=(requests, call), name="snakepit-reader", daemon=True).start()
        return map(b"".join, self._peer.outbox.messages(self._codec))

    def _read(self, requests: Iterator[bytes], call: grpc.ServicerContext) -> None:
        fault: BaseException | None = None
        try:
            for message in requests:
                self._peer.receive(self._codec.read(message))
        except BaseException as error:
            # grpc ends the iterator of a broken connection with a bare `Exception`.
            fault = error if call.is_active() else None
        finally:
            self._detached(fault)
            self._peer.lost()


class _Attach(grpc.GenericRpcHandler):
    """Routes the one method. Messages stay bytes: nothing of a stranger's is parsed."""

    def __init__(self, behaviour: Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]) -> None:
        self._handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(behaviour)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """The handler of a method, if there is one."""
        return self._handler if handler_call_details.method == METHOD else None
