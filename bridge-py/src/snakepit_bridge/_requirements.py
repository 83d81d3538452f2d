"""The three packages that a worker needs, checked before anything imports them."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from snakepit_bridge._bootstrap import StartFailure

# The same minimums as in requirements.txt; a test compares them.
MINIMUMS = {"grpcio": "1.62", "protobuf": "4.25", "msgspec": "0.20"}

_MODULES = {"grpcio": "grpc", "protobuf": "google.protobuf", "msgspec": "msgspec"}


# What a worker needs that speaks by a pipe.
_PIPE = ("msgspec",)


def check(kind: object) -> None:
    """Imports each package that a kind of transport needs.

    Raises ``StartFailure`` of stage ``requirements`` with the command that mends it.
    """
    # Before grpc reads them: it is quiet, and forks of the tools are none of its business.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    needed = {package: MINIMUMS[package] for package in (_PIPE if kind == "pipe" else MINIMUMS)}
    missing = [text for package, least in needed.items() if (text := _lack(package, least)) is not None]
    if missing:
        wanted = " ".join(f"'{package}>={least}'" for package, least in needed.items())
        raise StartFailure(
            "requirements", f"{'; '.join(missing)}. To mend it: {sys.executable} -m pip install {wanted}"
        )
    for package in needed:
        try:
            import_module(_MODULES[package])
        except Exception as error:
            raise StartFailure("requirements", f"{package} cannot be imported: {error}") from error


def _lack(package: str, least: str) -> str | None:
    try:
        found = version(package)
    except PackageNotFoundError:
        return f"{package} is missing"
    return f"{package} {found} is too old, {least} is needed" if _numbers(found) < _numbers(least) else None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])
