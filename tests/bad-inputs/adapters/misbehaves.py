"""Tools that do to their process what a tool should not do."""

import asyncio
import contextvars
import ctypes
import gc
import logging
import multiprocessing
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from snakepit_bridge import context, tool

_kept: list[Any] = []


def _tell(word: str) -> None:
    """Below Python: no thread of this process is needed to bring it to the host."""
    os.write(1, f"{word}\n".encode())


@tool
def whoami() -> int:
    """The process that runs this."""
    return os.getpid()


@tool
def numbers(n: int) -> Iterator[int]:
    """Counts."""
    yield from range(n)


# Time.


@tool
def holds_the_gil(seconds: float) -> str:
    """Waits in a C function that keeps the interpreter to itself."""
    _tell("holding")
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))
    return "held"


@tool
def catastrophic_regex() -> None:
    """Backtracks for ever."""
    _tell("matching")
    re.match(r"(a+)+$", "a" * 64 + "b")


@tool
def spins() -> None:
    """Goes round in Python."""
    _tell("spinning")
    while True:
        pass


@tool
def yields_and_spins() -> Iterator[int]:
    """Yields once, and then goes round in Python."""
    yield 1
    while True:
        pass


@tool
def deadlocks() -> None:
    """Two locks, taken in two orders."""
    one, other = threading.Lock(), threading.Lock()
    both = threading.Barrier(2)

    def crosswise(first: threading.Lock, second: threading.Lock) -> None:
        with first:
            both.wait()
            with second:
                pass

    threading.Thread(target=crosswise, args=(other, one), daemon=True).start()
    _tell("locking")
    crosswise(one, other)


@tool
async def blocks_the_loop(seconds: float) -> str:
    """Sleeps where others wait to run."""
    _tell("blocking")
    time.sleep(seconds)
    return "blocked"


@tool
async def rests(seconds: float) -> str:
    """Sleeps as one should."""
    await asyncio.sleep(seconds)
    return "rested"


@tool
async def hides_its_cancellation() -> None:
    """Catches whatever is raised, for ever."""
    _tell("hiding")
    while True:
        try:
            await asyncio.sleep(600)
        except BaseException:
            continue


@tool
def runs_a_loop() -> str:
    """A loop of its own, on the main thread."""
    return asyncio.run(_in_loop())


@tool
async def nests_a_loop() -> str:
    """A loop inside of the loop."""
    coroutine = _in_loop()
    try:
        return asyncio.run(coroutine)
    finally:
        coroutine.close()


@tool
async def stops_the_loop() -> None:
    """Stops what everybody else runs on."""
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.05)


async def _in_loop() -> str:
    await asyncio.sleep(0.01)
    return "looped"


# Memory, descriptors, threads, processes.


@tool
def runs_out_of_memory() -> None:
    """Allocates until there is no more."""
    bound = _address_space() + (256 << 20)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (bound, before[1]))
    hoard = []
    try:
        while True:
            hoard.append(bytearray(16 << 20))
    finally:
        del hoard
        resource.setrlimit(resource.RLIMIT_AS, before)


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


@tool
def uses_up_descriptors() -> int:
    """Opens files until it may not, and keeps them."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        while True:
            _kept.append(open(os.devnull, "rb"))  # noqa: SIM115
    except OSError:
        return len(_kept)


@tool
def limits_descriptors(most: int) -> str:
    """Allows fewer files than are open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return "limited"


@tool
def starts_threads(n: int) -> int:
    """Threads that wait for ever, no daemons."""
    for _ in range(n):
        threading.Thread(target=threading.Event().wait).start()
    return threading.active_count()


def square(n: int) -> int:
    """For processes of their own."""
    return n * n


@tool
def multiprocesses(method: str) -> list[int]:
    """A pool of processes."""
    with multiprocessing.get_context(method).Pool(2) as pool:
        return pool.map(square, [1, 2, 3])


@tool
def leaves_children() -> list[int]:
    """Starts processes with all of its descriptors, and forgets them."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    children = [subprocess.Popen(sleeper, close_fds=False) for _ in range(3)]
    _kept.extend(children)
    return [child.pid for child in children]


@tool
def forks() -> int:
    """Returns twice: here, and in a child that goes on as if it were the worker."""
    return os.fork()


@tool
def forks_and_terminates() -> int:
    """Ends a child of its own by SIGTERM, as `multiprocessing` does; the number of the signal it died of."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    os.kill(pid, signal.SIGTERM)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


@tool
def forks_and_raises() -> int:
    """A child that leaves the tool by an exception."""
    pid = os.fork()
    if pid == 0:
        raise SystemExit(3)
    return pid


@tool
def forks_in_a_stream() -> Iterator[int]:
    """Both go on yielding."""
    pid = os.fork()
    for n in range(1000):
        yield n
    if pid == 0:
        time.sleep(600)


# The interpreter and its output.


@tool
def vandalises(how: str) -> str:
    """Changes something that everybody in the process shares."""
    {
        "sys.stdout = None": lambda: setattr(sys, "stdout", None),
        "sys.stderr = None": lambda: setattr(sys, "stderr", None),
        "os.dup2(devnull, 1)": lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 1),
        "os.close(1), os.close(2)": lambda: (os.close(1), os.close(2)),
        "os.close(0)": lambda: os.close(0),
        "logging.disable()": lambda: logging.disable(logging.CRITICAL),
        "logging.shutdown()": logging.shutdown,
        "root.handlers.clear()": logging.getLogger().handlers.clear,
        "sys.setrecursionlimit(10**9)": lambda: sys.setrecursionlimit(10**9),
        "sys.setswitchinterval(100)": lambda: sys.setswitchinterval(100),
        "gc.disable()": gc.disable,
        "os.environ.clear()": os.environ.clear,
        "sys.path.clear()": sys.path.clear,
        "os.chdir('/')": lambda: os.chdir("/"),
        "os.umask(0o777)": lambda: os.umask(0o777),
        "locale": lambda: __import__("locale").setlocale(__import__("locale").LC_ALL, "C"),
        "warnings as errors": lambda: __import__("warnings").simplefilter("error"),
        "threading.excepthook": lambda: setattr(threading, "excepthook", None),
        "sys.excepthook": lambda: setattr(sys, "excepthook", None),
        "sys.settrace": lambda: sys.settrace(lambda *_: None),
        "signals ignored": _ignore_signals,
        "a handler that prints": lambda: signal.signal(signal.SIGALRM, lambda *_: print("from a handler")),
        "asyncio.set_event_loop_policy(None)": lambda: asyncio.set_event_loop_policy(None),
    }[how]()
    return "done"


def _ignore_signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


@tool
def prints_from_a_handler() -> str:
    """Is interrupted while it prints, by a handler that prints."""
    signal.signal(signal.SIGALRM, lambda *_: print("handled"))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for n in range(5000):
            print("line", n)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "printed"


# What belongs to a call that is over.


@tool
def keeps_its_context() -> str:
    """Keeps its context, and a thread that runs in it."""
    _kept.append(contextvars.copy_context())
    return "kept"


@tool
def uses_what_it_kept() -> dict[str, str]:
    """What the context of another call, which is over, is still good for."""
    kept = next(each for each in _kept if isinstance(each, contextvars.Context))
    return {name: kept.run(_attempt, act) for name, act in _uses.items()}


_uses = {
    "cancelled": lambda: context.cancelled,
    "check_cancelled": lambda: context.check_cancelled(),
    "time_left": lambda: context.time_left is None or context.time_left >= 0,
    "progress": lambda: context.progress(0.5),
    "logger": lambda: context.logger.warning("out of the grave"),
    "print": lambda: print("out of the grave, printed"),
    "shield": lambda: context.shield().__enter__(),
    "worker_id": lambda: context.worker_id,
}


def _attempt(act: Any) -> str:
    try:
        return repr(act())
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
