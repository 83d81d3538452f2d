"""Exceptions of many makes, as the host gets them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from host import Host

groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")


@pytest.fixture(scope="module")
def exceptions() -> Iterator[Host]:
    with Host("exceptions.py") as host:
        yield host


@pytest.mark.proves("ERR-02")
@pytest.mark.parametrize("tool", ["raises", "raises_async"])
@pytest.mark.parametrize(
    ("kind", "type_", "message"),
    [
        ("api", "exceptions.ApiError", "404 not found"),
        ("keyword", "exceptions.Keyword", ""),
        ("noted", "exceptions.Noted", "text"),
        ("duck", "exceptions.Duck", "text"),
    ],
)
def test_what_cannot_travel_itself_is_told(exceptions: Host, tool: str, kind: str, type_: str, message: str) -> None:
    error = exceptions.error(tool, {"kind": kind})
    assert (error.code, error.exception.type, error.exception.message) == ("python_error", type_, message)
    assert error.exception.frames[-1].source == "raise made(kind)"
    assert not error.exception.members


@pytest.mark.proves("ERR-02")
def test_exceptions_that_fight_back_are_named(exceptions: Host) -> None:
    assert "Elusive" in exceptions.error("raises", {"kind": "elusive"}).message
    error = exceptions.error("raises", {"kind": "own"})
    assert (error.message, error.began) == ("mine", True)


@groups
@pytest.mark.proves("ERR-02")
def test_a_group_shows_its_members(exceptions: Host) -> None:
    error = exceptions.error("raises", {"kind": "nested"}).exception
    inner, disk = error.members
    assert (error.message, disk.type) == ("outer (2 sub-exceptions)", "OSError")
    assert list(inner.notes) == ["of the inner group"]
    assert [(member.type, member.message) for member in inner.members] == [
        ("ValueError", "a"),
        ("exceptions.ApiError", "410 gone"),
    ]
    assert inner.members[0].frames[-1].function == "raised"
    assert "410 gone" in error.traceback
    assert not error.truncated
    tasks = exceptions.error("group_of_tasks").exception
    assert [member.message for member in tasks.members] == ["a", "b"]


@groups
@pytest.mark.proves("ERR-02")
@pytest.mark.parametrize(("kind", "truncated"), [("circle", False), ("wide", True), ("deep", True)])
def test_groups_are_bounded(exceptions: Host, kind: str, truncated: bool) -> None:
    error = exceptions.error("raises", {"kind": kind}).exception
    assert len(error.SerializeToString()) < 3 << 20
    assert _any_truncated(error) is truncated


def _any_truncated(exception: Any) -> bool:
    return exception.truncated or any(map(_any_truncated, exception.members))
