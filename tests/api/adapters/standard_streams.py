"""Tools that do with their output what scripts do."""

import asyncio
import codecs
import contextlib
import faulthandler
import io
import os
import signal
import sys
import tempfile
import threading
import warnings
from typing import Any

from snakepit_bridge import tool

sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[union-attr]


@tool
def says(text: str) -> None:
    """Prints a line."""
    print(text)


@tool
def complains(text: str) -> None:
    """Prints a line on stderr."""
    print(text, file=sys.stderr)


@tool
def able(name: str) -> dict[str, Any]:
    """What a stream says of itself."""
    stream: Any = getattr(sys, name)
    unsupported = []
    for act in (stream.tell, stream.seek, stream.truncate, stream.read, stream.readline):
        try:
            act(0) if act == stream.seek else act()
        except (io.UnsupportedOperation, OSError) as error:
            unsupported.append(type(error).__name__)
    return {
        "text": isinstance(stream, io.TextIOWrapper),
        "binary": isinstance(stream.buffer, io.BufferedIOBase),
        "original": stream is getattr(sys, f"__{name}__"),
        "encoding": stream.encoding,
        "errors": stream.errors,
        "newlines": stream.newlines,
        "line_buffering": stream.line_buffering,
        "isatty": stream.isatty(),
        "fileno": stream.fileno(),
        "closed": stream.closed,
        "name": stream.name,
        "mode": stream.mode,
        "abilities": [stream.readable(), stream.writable(), stream.seekable()],
        "unsupported": unsupported,
    }


def _reconfigures() -> None:
    for encoding in ("ascii", "latin-1", "utf-16", "utf-8"):
        sys.stdout.reconfigure(encoding=encoding, errors="strict", newline="\r\n")  # type: ignore[union-attr]
        print(encoding, "grüße")


def _wraps() -> None:
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
    print("by a wrapper, grüße")


def _wraps_detached() -> None:
    sys.stdout = codecs.getwriter("utf-8")(sys.stdout.detach())  # type: ignore[union-attr, assignment]
    print("by a codec, grüße")
    sys.stdout = sys.__stdout__


def _cuts_characters() -> None:
    for byte in "bytes, grüße\n".encode():
        sys.stdout.buffer.write(bytes([byte]))
    sys.stdout.buffer.flush()


def _writes_lines() -> None:
    sys.stdout.writelines(["one", " line\n", "another\n"])


def _closes() -> None:
    with sys.stdout as out:
        print("by a block that closes", file=out)
    sys.stdout.close()
    sys.stdout.buffer.close()
    print("closed")


def _sets_none() -> None:
    sys.stdout = None  # type: ignore[assignment]
    print("nowhere")


def _deletes() -> None:
    del sys.stdout


def _leaves_a_closed_file() -> None:
    with open(os.devnull, "w") as file:
        sys.stdout = file


def _redirects() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as taken:
        print("taken")
    print(f"gave back {taken.getvalue()!r}")


def _uses_the_original() -> None:
    with contextlib.redirect_stdout(None):
        print("to the original", file=sys.__stdout__)


def _dumps_stacks() -> None:
    faulthandler.dump_traceback(file=sys.stdout, all_threads=False)


def _prints_in_a_handler() -> None:
    before = signal.signal(signal.SIGUSR2, lambda *_: print("in a handler", flush=True))
    for _ in range(100):
        os.kill(os.getpid(), signal.SIGUSR2)
        print("in a tool", flush=True)
    signal.signal(signal.SIGUSR2, before)


DEEDS = {deed.__name__[1:]: deed for deed in list(globals().values()) if getattr(deed, "__name__", "").startswith("_") and getattr(deed, "__module__", "") == __name__}


@tool
def does(what: str) -> str:
    """Does to its output what must harm nobody."""
    DEEDS[what]()
    return "done"


@tool
async def waits_for_newline() -> str:
    """Says something, and does not end the line while it works."""
    print("Loading ...", end="", flush=True)
    await asyncio.Event().wait()
    return "never"


@tool
async def draws(states: int, every: float) -> str:
    """A progress bar as tqdm draws it."""
    for state in range(states + 1):
        sys.stderr.write(f"\rprogress {state}/{states}   ")
        sys.stderr.flush()
        await asyncio.sleep(every)
    sys.stderr.write("\n")
    sys.stderr.flush()
    return "drawn"


@tool
def wipes() -> str:
    """A progress bar that is gone in the end."""
    sys.stdout.write("\rhalf\r" + " " * 20 + "\rall is done\n")
    sys.stdout.write("Windows\r")
    sys.stdout.write("\nand on\r\n")
    return "wiped"


@tool
def draws_below_python(states: int) -> str:
    """A progress bar of C code."""
    for state in range(states + 1):
        os.write(2, f"\rraw {state}/{states}".encode())
    return "drawn"


@tool
def last_words() -> None:
    """Says something without ending the line, and dies."""
    print("about to", end="", flush=True)
    print(" divide", end=" by zero", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def dies_in_a_thread() -> str:
    """A thread that nobody waits for raises."""
    thread = threading.Thread(target=lambda: [][1], name="doomed")
    thread.start()
    thread.join()
    warnings.warn("a warning", stacklevel=1)
    return "alive"


@tool
async def speaks_in_turns(name: str, words: int) -> str:
    """Writes a line in pieces, with others in between."""
    for index in range(words):
        sys.stdout.write(f"{name}{index} ")
        await asyncio.sleep(0)
    print()
    return name


@tool
def to_a_file() -> str:
    """Prints into a file for good."""
    path = tempfile.mkstemp()[1]
    sys.stdout = open(path, "w")  # noqa: SIM115
    print("kept")
    sys.stdout.flush()
    with open(path) as file:
        kept = file.read()
    os.unlink(path)
    sys.stdout = sys.__stdout__
    return kept
