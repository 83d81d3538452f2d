"""Right answers, and then something else than a worker at the address."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from misbehaving_worker import real
from misbehaving_worker.words import Mode, Told, say, stay


def _server(behave: Callable[[socket.socket], None]) -> Mode:
    """Listens where it should, answers rightly, and does something else with who connects."""

    def run(told: Told) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.bind(told.socket)
        server.listen(8)
        say(told.answer())
        threading.Thread(target=_serve, args=(server, behave), daemon=True).start()
        stay()

    return run


def _serve(server: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    kept = []
    while True:
        client, _ = server.accept()
        kept.append(client)
        threading.Thread(target=_quietly, args=(behave, client), daemon=True).start()


def _quietly(behave: Callable[[socket.socket], None], client: socket.socket) -> None:
    try:
        behave(client)
    except OSError:
        pass


def never_accepts(told: Told) -> None:
    """Binds the socket, and lets whoever connects wait."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(told.socket)
    server.listen(8)
    say(told.answer())
    stay()


def _hangs_up(client: socket.socket) -> None:
    client.close()


def _random_bytes(client: socket.socket) -> None:
    client.sendall(os.urandom(4096))


def _http_1(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def _slow_loris(client: socket.socket) -> None:
    for byte in b"\0\0\0\4\0\0\0\0\0" * 100:
        client.sendall(bytes([byte]))
        time.sleep(0.05)


def _no_streams(client: socket.socket) -> None:
    # SETTINGS_MAX_CONCURRENT_STREAMS = 0
    client.sendall(b"\0\0\6\4\0\0\0\0\0" + b"\0\3" + b"\0\0\0\0")
    while client.recv(4096):
        pass


def dies_in_the_handshake(told: Told) -> None:
    """Accepts, and is gone before it greets."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(told.socket)
    server.listen(8)
    say(told.answer())
    server.accept()
    os._exit(9)


def _hello(change: Callable[[Any], None]) -> Mode:
    """The real bridge with another greeting."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def hello(*args: Any) -> Any:
            frame = list(original(*args))
            change(frame)
            return frame

        return hello

    def act() -> None:
        from snakepit_bridge import _worker

        _worker.hello = around(_worker.hello)

    return lambda _: real.run_after(act)


# Positions of a Hello's fields.
_PROTOCOL, _INCARNATION, _TOKEN, _RUNTIME, _TOOLS = 1, 2, 3, 6, 7


def _wrong_token(frame: list[Any]) -> None:
    frame[_TOKEN] = "0" * 64


def _no_token(frame: list[Any]) -> None:
    frame[_TOKEN] = ""


def _other_protocol(frame: list[Any]) -> None:
    frame[_PROTOCOL] = 9


def _other_incarnation(frame: list[Any]) -> None:
    frame[_INCARNATION] = "00"


def _no_hello(frame: list[Any]) -> None:
    frame[:] = [13, 7, 0]  # a Pong


def _no_runtime(frame: list[Any]) -> None:
    frame[_RUNTIME] = None


def _strange_tools(frame: list[Any]) -> None:
    """Not wrong, only odd: the worker serves."""
    for name in ("", "toString", "__proto__", "toString", "a\nb"):
        frame[_TOOLS].append([name, "", 99, [], "{" * 1000, "", "", {}])
    frame[_TOOLS][0][-1]["__proto__"] = "polluted"


def _answers_twice() -> None:
    """Says everything twice; the second time is nobody's."""
    from snakepit_bridge import _bootstrap

    write = _bootstrap._write

    def twice(fd: int, message: dict[str, Any]) -> None:
        copy = os.dup(fd)
        write(fd, message)
        write(copy, {**message, "address": "unix:///nowhere/at.all"})

    _bootstrap._write = twice


def _answers_slowly() -> None:
    """The right answer, a byte at a time, with a carriage return before the newline."""
    from snakepit_bridge import _bootstrap

    def slowly(fd: int, message: dict[str, Any]) -> None:
        for byte in json.dumps(message).encode() + b"\r\n":
            os.write(fd, bytes([byte]))
        os.close(fd)

    _bootstrap._write = slowly


MODES: dict[str, Mode] = {
    "never_accepts": never_accepts,
    "no_settings": _server(lambda _: None),
    "hangs_up": _server(_hangs_up),
    "random_bytes": _server(_random_bytes),
    "http_1": _server(_http_1),
    "slow_loris": _server(_slow_loris),
    "no_streams": _server(_no_streams),
    "dies_in_the_handshake": dies_in_the_handshake,
    "wrong_token": _hello(_wrong_token),
    "no_token": _hello(_no_token),
    "other_protocol": _hello(_other_protocol),
    "other_incarnation": _hello(_other_incarnation),
    "no_hello": _hello(_no_hello),
    "no_runtime": _hello(_no_runtime),
    "strange_tools": _hello(_strange_tools),
    "answers_twice": lambda _: real.run_after(_answers_twice),
    "answers_slowly": lambda _: real.run_after(_answers_slowly),
}
