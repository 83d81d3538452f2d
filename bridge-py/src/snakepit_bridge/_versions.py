"""Versions of installed packages, by the names of their folders: `importlib.metadata` takes 50 ms to be imported."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

# "msgspec-0.20.0.dist-info", "protobuf-6.33.0-py3.11.egg-info".
_FOLDER = re.compile(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[0-9][^-]*)(-[^-]*)?\.(dist|egg)-info")


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package that is installed, by name; the one that an import would find."""
    wanted = set(packages)
    found: dict[str, str] = {}
    for folder in sys.path:
        for entry in _entries(folder):
            match = _FOLDER.fullmatch(entry)
            if match is not None and (name := match["name"].lower()) in wanted:
                found.setdefault(name, match["version"])
    return found | {name: told for name in wanted - found.keys() if (told := _told(name)) is not None}


def _entries(folder: str) -> list[str]:
    try:
        return [entry for entry in os.listdir(folder or ".") if entry.endswith("-info")]
    except OSError:  # a zip file, or nothing at all
        return []


def _told(name: str) -> str | None:
    """For what is installed in another way. Packages that are not there at all cost nothing."""
    from importlib.util import find_spec

    if find_spec(_MODULES.get(name, name)) is None:
        return None
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


_MODULES = {"grpcio": "grpc", "protobuf": "google"}
