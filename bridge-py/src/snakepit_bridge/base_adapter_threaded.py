"""The base of adapters whose tools may run in several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeVar

from snakepit_bridge.base_adapter import BaseAdapter
from snakepit_bridge.tools.decorator import tool

__all__ = ["ThreadSafeAdapter", "tool"]

T = TypeVar("T")


class ThreadSafeAdapter(BaseAdapter):
    """A class of tools that the host's option ``threads`` may run side by side.

    What ``initialize`` loads and nobody changes is shared as it is. What tools change needs the lock. What only one
    thread may use, a connection or a buffer, is kept for each thread::

        class Search(ThreadSafeAdapter):
            def initialize(self) -> None:
                self.model = load_model()
                self.queries = 0

            @tool
            def search(self, text: str) -> list[str]:
                with self.acquire_lock():
                    self.queries += 1
                connection = self.thread_local("connection", lambda: sqlite3.connect("index.db"))
                return rows(connection, self.model.encode(text))

    A class that derives from ``BaseAdapter``, or a module of tools, says the same with ``__thread_safe__ = True``.
    """

    __thread_safe__: ClassVar[bool] = True

    _lock: threading.RLock
    _local: threading.local

    def __new__(cls, *_arguments: Any, **_keywords: Any) -> ThreadSafeAdapter:
        """Makes lock and thread-local values: an ``__init__`` of the adapter's own need not know of them."""
        instance = super().__new__(cls)
        instance._lock = threading.RLock()
        instance._local = threading.local()
        return instance

    def acquire_lock(self) -> AbstractContextManager[Any]:
        """The lock of this instance, for ``with``. A thread that has it may take it again."""
        lock: AbstractContextManager[Any] = self._lock
        return lock

    def thread_local(self, key: str, make: Callable[[], T]) -> T:
        """This thread's own value for a key; ``make`` is called when the thread asks for the first time."""
        values = vars(self._local)
        if key not in values:
            values[key] = make()
        value: T = values[key]
        return value

    def get_thread_local(self, key: str, default: Any = None) -> Any:
        """This thread's own value for a key, or ``default``."""
        return vars(self._local).get(key, default)

    def set_thread_local(self, key: str, value: Any) -> None:
        """Keeps a value for this thread."""
        vars(self._local)[key] = value

    def clear_thread_local(self, key: str | None = None) -> None:
        """Forgets this thread's value for a key, or all of its values."""
        if key is None:
            vars(self._local).clear()
        else:
            vars(self._local).pop(key, None)
