"""Wrong answers to the host's line, and none at all."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

from misbehaving_worker.words import Mode, Told, say, stay

_GARBAGE = {
    "garbage": b"Starting server on \x1b[1mport 80\n",
    "not_json": b'{"level": "info", "msg": "started"}\n',
    "not_an_object": b"[1, 2, 3]\n",
    "null": b"null\n",
    "empty_line": b"\n",
    "other_version": b'{"snakepit": 7, "listen": "unix:///tmp/x"}\n',
    "version_as_text": b'{"snakepit": "1"}\n',
    "wrong_incarnation": b'{"snakepit": 1, "incarnation": "00", "pid": 1, "address": "unix:///tmp/x"}\n',
    "nuls": b"\0" * 1000 + b"\n",
    "invalid_utf8": b'{"snakepit": 1, "incarnation": "\xff\xfe\xc0\x80"}\n',
    "deep_version": b'{"snakepit":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n",
    "version_untold": b'{"snakepit": {"toString": 1, "valueOf": 1}}\n',
    "deep_failure": b'{"snakepit": 1, "failure": {"message":' + b"[" * 200_000 + b"]" * 200_000 + b"}}\n",
    "failure_untold": b'{"snakepit": 1, "failure": {"stage": "listen", "message": {"toString": 1}}}\n',
    "failure_in_vast": b'{"snakepit": 1, "failure": {"stage": "listen", "message": "' + b"v" * 900_000 + b'"}}\n',
    "proto_key": b'{"snakepit": 1, "__proto__": {"polluted": true}, "failure": {"__proto__": {"polluted": true}}}\n',
    "failure_of_numbers": b'{"snakepit": 1, "failure": {"stage": 7, "type": 8, "message": [9], "traceback": null}}\n',
    "failure_null": b'{"snakepit": 1, "failure": null}\n',
    "failure_forged": b'{"snakepit": 1, "failure": {"stage": "listen", "type": "", "message": "\\u001b]52\\u0007"}}\n',
}


def _garbage(data: bytes) -> Mode:
    def run(_: Told) -> None:
        say(data)
        stay()

    return run


def _changed(**changes: object) -> Mode:
    """The right answer with something wrong in it."""

    def run(told: Told) -> None:
        say(told.answer(**changes))
        stay()

    return run


def silent(_: Told) -> None:
    """Says nothing at all."""
    print("warming up", flush=True)
    stay()


def exits_early(_: Told) -> None:
    """Leaves at once, with a word."""
    sys.exit("the disk is full")


def segfaults(_: Told) -> None:
    """Dies of a bug in C."""
    ctypes.string_at(0)


def killed(_: Told) -> None:
    """Dies as the system kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def long_line(_: Told) -> None:
    """Never ends its line."""
    try:
        while True:
            os.write(3, b"x" * 65536)
    except OSError:
        stay()


def ten_megabytes(_: Told) -> None:
    """Ends its line, much too late."""
    say(b"y" * (10 << 20))
    say(b"\n")
    stay()


def byte_by_byte(_: Told) -> None:
    """Reports its failure one byte at a time, and leaves."""
    message = '{"snakepit": 1, "failure": {"stage": "initialize", "type": "Grüße", "message": "byte by byte ✓"}}\n'
    for byte in message.encode():
        os.write(3, bytes([byte]))
    sys.exit(3)


def half_an_answer(told: Told) -> None:
    """Dies in the middle of its answer."""
    say(told.answer()[:20])
    os._exit(9)


def answers_then_exits(told: Told) -> None:
    """Is gone before anybody can connect."""
    say(told.answer())
    os._exit(9)


def closes_the_pipe(_: Told) -> None:
    """Closes its private pipe without a word, and stays."""
    os.close(3)
    stay()


def with_bom(told: Told) -> None:
    """A mark of byte order in front."""
    say(b"\xef\xbb\xbf" + told.answer())
    stay()


def in_utf16(told: Told) -> None:
    """Another encoding."""
    say(told.answer().decode().encode("utf-16"))
    stay()


def holds_the_gil(_: Told) -> None:
    """Imports something that computes in C and lets nobody else run, not even a handler of a signal."""
    print("importing", flush=True)
    ctypes.PyDLL(None).sleep(600)


def reads_stdin(_: Told) -> None:
    """Asks a person."""
    sys.stdin.readline()
    input("password: ")


def ignores_everything(_: Told) -> None:
    """Neither the end of its input nor SIGTERM makes it leave."""
    signal.signal(signal.SIGTERM, lambda *_: print("not now", flush=True))
    print("here to stay", flush=True)
    while True:
        time.sleep(60)


def leaves_on_sigterm(_: Told) -> None:
    """Does not look at its input, but obeys SIGTERM."""
    print("here to stay", flush=True)
    while True:
        time.sleep(60)


MODES: dict[str, Mode] = {
    **{name: _garbage(data) for name, data in _GARBAGE.items()},
    "nobody_listens": _changed(address="unix:///nowhere/at.all"),
    "relative_path": _changed(address="unix:here.sock"),
    "other_scheme": _changed(address="https://example.invalid/x"),
    "dns_name": _changed(address="dns:///no.such.host.invalid:1"),
    "port_0": _changed(address="127.0.0.1:0"),
    "port_minus_1": _changed(address="127.0.0.1:-1"),
    "port_99999": _changed(address="127.0.0.1:99999"),
    "port_abc": _changed(address="127.0.0.1:abc"),
    "address_empty": _changed(address=""),
    "address_number": _changed(address=7),
    "address_newline": _changed(address="unix:///tmp/a\nforged: yes"),
    "pid_text": _changed(pid="1"),
    "pid_negative": _changed(pid=-1, address="unix:///nowhere/at.all"),
    **{
        function.__name__: function
        for function in (
            silent,
            exits_early,
            segfaults,
            killed,
            long_line,
            ten_megabytes,
            byte_by_byte,
            half_an_answer,
            answers_then_exits,
            closes_the_pipe,
            with_bom,
            in_utf16,
            holds_the_gil,
            reads_stdin,
            ignores_everything,
            leaves_on_sigterm,
        )
    },
}
