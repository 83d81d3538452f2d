"""What the tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import process
from host import Host
from process import Process

settings.register_profile("here", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--transport", choices=["grpc", "pipe"], default="grpc", help="what the tests' workers speak by")


def pytest_configure(config: pytest.Config) -> None:
    process.transport = config.getoption("--transport")


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Starts worker processes that are ended with the test."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(Process(*args, **options))


@pytest.fixture
def attach() -> Iterator[Callable[..., Host]]:
    """Starts workers and attaches to them; they are ended with the test."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(Host(*args, **options))


def _shared(adapter: str) -> Any:
    @pytest.fixture(scope="module")
    def shared() -> Iterator[Host]:
        with Host(adapter) as host:
            yield host

    return shared


calls = _shared("calls.py")
cancels = _shared("cancels.py")
faults = _shared("faults.py")
together = _shared("together.py")
