"""The packages that a worker needs, by its transport, checked before anything imports them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module

from snakepit_bridge._bootstrap import StartFailure
from snakepit_bridge._versions import versions

# The same minimums as in requirements.txt; a test compares them.
MINIMUMS = {"grpcio": "1.62", "protobuf": "4.25", "msgspec": "0.20"}

# gRPC prints no notices of its own, and does not prepare for forks: what a tool forks never uses this connection.
_GRPC = {"GRPC_VERBOSITY": "ERROR", "GRPC_ENABLE_FORK_SUPPORT": "0"}

_MODULES = {"grpcio": "grpc", "protobuf": "google.protobuf", "msgspec": "msgspec"}

# What a worker needs that speaks through a pipe.
_PIPE = ("msgspec",)


def check(kind: object) -> None:
    """Imports each package that a kind of transport needs.

    Raises ``StartFailure`` of stage ``requirements`` with the command that mends it.
    """
    needed = {package: MINIMUMS[package] for package in (_PIPE if kind == "pipe" else MINIMUMS)}
    found = versions(needed)
    lacks = [_lack(package, found.get(package), least) for package, least in needed.items()]
    missing = [text for text in lacks if text is not None]
    if missing:
        wanted = " ".join(f"'{package}>={least}'" for package, least in needed.items())
        raise StartFailure(
            "requirements", f"{'; '.join(missing)}. To mend it: {sys.executable} -m pip install {wanted}"
        )
    with nullcontext() if kind == "pipe" else _quiet_grpc():
        for package in needed:
            try:
                import_module(_MODULES[package])
            except Exception as error:
                raise StartFailure("requirements", f"{package} cannot be imported: {error}") from error


@contextmanager
def _quiet_grpc() -> Iterator[None]:
    """Has grpc read its settings now, and takes away those that are ours: what tools start has a grpc of its own."""
    ours = {name: value for name, value in _GRPC.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
        # It reads them when the first of its objects is made.
        import_module("grpc._cython.cygrpc").CompletionQueue()
    except (ImportError, AttributeError):
        pass  # another grpc inside: it says more than it might
    finally:
        for name in ours:
            del os.environ[name]


def _lack(package: str, found: str | None, least: str) -> str | None:
    if found is None:
        return f"{package} is missing"
    return f"{package} {found} is too old, {least} is needed" if _numbers(found) < _numbers(least) else None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])
