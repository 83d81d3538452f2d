"""What a worker sees of its surroundings."""

import os
import sys
from typing import Any

from snakepit_bridge import tool


@tool
def environment() -> dict[str, str]:
    """The variables that came."""
    return dict(os.environ)


@tool
def visible() -> str:
    """Everything that other processes of this user could read of this one and its parent."""
    texts = []
    for pid in (os.getpid(), os.getppid()):
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
    return "\n".join(texts)


@tool
def place() -> dict[str, Any]:
    """Where it runs, and what it could import from there."""
    return {"cwd": os.getcwd(), "path": sys.path, "stdin": os.readlink("/proc/self/fd/0")}


@tool
def child_environment(name: str) -> str | None:
    """What a process that a tool starts would inherit."""
    import subprocess

    code = f"import os; print(os.environ.get({name!r}, ''))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
