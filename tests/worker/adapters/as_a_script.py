"""Tools that look at their process as the author of a script does, and start others."""

import argparse
import asyncio
import concurrent.futures
import ctypes
import importlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from typing import Any

import neighbour

from snakepit_bridge import tool

AT_IMPORT = {"argv": list(sys.argv), "path": sys.path[0], "environment": dict(os.environ)}
JOB = os.path.join(os.path.dirname(__file__), "job.py")


@tool
def at_import() -> dict:
    """What the first line of the module saw."""
    return AT_IMPORT


@tool
def now() -> dict:
    """What a tool sees."""
    import __main__

    return {
        "argv": sys.argv,
        "path": sys.path,
        "environment": dict(os.environ),
        "main": getattr(__main__, "__file__", None),
        "name": neighbour.NAME,
    }


@tool
def parses() -> int:
    """Reads a command line that has no arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=3)
    return parser.parse_args().n


@tool
def limit(name: str) -> str | None:
    """A variable as libraries in C see it."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    value = getenv(name.encode())
    return None if value is None else value.decode()


@tool
def child(how: str) -> dict:
    """What a script sees that is started in one of the ways there are."""
    command = [sys.executable, JOB]
    if how == "run":
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    if how == "environment":
        env = {**os.environ, "MINE": "1"}
        return json.loads(subprocess.run(command, capture_output=True, check=True, env=env).stdout)
    if how == "asyncio":
        return json.loads(asyncio.run(_spawn(command)))
    if how == "popen":
        return json.loads(os.popen(" ".join(command)).read())
    with tempfile.TemporaryFile() as file:
        if how == "system":
            assert os.system(f"{' '.join(command)} > /proc/{os.getpid()}/fd/{file.fileno()}") == 0
        else:
            pid = os.fork()
            if pid == 0:
                os.dup2(file.fileno(), 1)
                os.execv(command[0], command)
            os.waitpid(pid, 0)
        file.seek(0)
        return json.loads(file.read())


async def _spawn(command: list[str]) -> bytes:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    return out


def square(n: int) -> int:
    """Runs in a child, which imports this module."""
    return n * n


def seen() -> dict:
    """Runs in a child."""
    return {"environment": dict(os.environ), "argv": sys.argv}


@tool
def pool(method: str) -> dict:
    """Children that Python makes by itself."""
    context: Any = multiprocessing.get_context(method)
    with context.Pool(2) as workers:
        squares = workers.map(square, [1, 2, 3])
        return {"squares": squares, **workers.apply(seen)}


@tool
def executor(method: str) -> list[int]:
    """The same by an executor."""
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as workers:
        return list(workers.map(square, [1, 2, 3]))


@tool
def needs(name: str) -> str:
    """Fails without a variable."""
    return os.environ[name]


@tool
def complains(name: str) -> None:
    """Fails as clients of services do."""
    raise RuntimeError(f"pass api_key, or set the {name} environment variable")


@tool
def origin_of(module: str) -> str:
    """Imports a module by its name."""
    return importlib.import_module(module).ORIGIN
