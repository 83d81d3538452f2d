"""The numbers that the code compares are the protocol's."""

from __future__ import annotations

import shutil
import subprocess
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from snakepit_bridge._protocol import enums
from snakepit_bridge._protocol.messages import PACKAGE, POOL

ROOT = Path(__file__).parents[2]
IMAGE = Path(enums.__file__).with_name("worker.binpb")


@pytest.mark.proves("WIRE-05")
@pytest.mark.parametrize(
    "mirror", [enums.ToolKind, enums.CancelRung, enums.CancelReason, enums.LogLevel, enums.SessionEndReason]
)
def test_enums_are_the_schema_s(mirror: type[IntEnum]) -> None:
    declared: Any = POOL.FindEnumTypeByName(f"{PACKAGE}.{mirror.__name__}")
    numbers = {value.number: value.name for value in declared.values}
    for member in mirror:
        assert numbers[int(member)].endswith(f"_{member.name}")
    assert set(numbers) - {0} == {int(member) for member in mirror} - {0}


@pytest.mark.proves("WIRE-05")
@pytest.mark.skipif(
    shutil.which("npx") is None or not (ROOT / "node_modules" / ".bin" / "buf").exists(), reason="no buf"
)
def test_the_committed_descriptors_are_those_of_the_schema(tmp_path: Path) -> None:
    made = tmp_path / "worker.binpb"
    subprocess.run([ROOT / "node_modules" / ".bin" / "buf", "build", "-o", made], cwd=ROOT, check=True, timeout=60)
    assert made.read_bytes() == IMAGE.read_bytes()
