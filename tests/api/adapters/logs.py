"""Tools that set up logging as scripts do."""

import logging
import logging.config
import logging.handlers
import os
import queue
import sys
import tempfile
from typing import Any

from snakepit_bridge import context, tool

AT_IMPORT = {"handlers": list(logging.getLogger().handlers), "level": logging.getLogger().level}
log = logging.getLogger("app.db")


@tool
def as_found() -> dict[str, Any]:
    """The state of logging before anybody set it up."""
    return AT_IMPORT


@tool
def logs(names: list[str] | None = None) -> None:
    """One record of each level by each logger."""
    for name in names or ["app.db"]:
        logger = logging.getLogger(name)
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(logger, level)("%s of %s", level, name)
    print("over")


@tool
def sets_up(how: str) -> dict[str, Any]:
    """Sets logging up in one of the ways there are, and says what came of it."""
    root = logging.getLogger()
    path = os.path.join(tempfile.mkdtemp(), "app.log")
    if how == "basic":
        logging.basicConfig(level=logging.DEBUG, format="FMT %(levelname)s %(message)s")
    elif how == "file":
        logging.basicConfig(level=logging.INFO, filename=path, format="%(name)s says %(message)s")
    elif how == "force":
        logging.basicConfig(level=logging.INFO, stream=sys.stdout, force=True)
    elif how == "dict":
        logging.config.dictConfig(
            {
                "version": 1,
                "formatters": {"short": {"format": "D %(message)s"}},
                "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "short", "stream": "ext://sys.stdout"}},
                "loggers": {"app": {"level": "ERROR", "handlers": ["out"], "propagate": False}},
                "root": {"level": "DEBUG"},
            }
        )
    elif how == "ini":
        with open(path, "w") as file:
            file.write(INI)
        logging.config.fileConfig(path)
    elif how == "clear":
        root.handlers.clear()
        root.addHandler(logging.NullHandler())
        root.setLevel(logging.ERROR)
    elif how == "disable":
        logging.disable(logging.ERROR)
    elif how == "reset":
        logging.disable(logging.NOTSET)
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING", "handlers": []}})
        root.handlers.clear()
        for name in list(logging.root.manager.loggerDict):
            logger = logging.getLogger(name)
            logger.disabled, logger.propagate = False, True
            if name != "snakepit.tool":
                logger.setLevel(logging.NOTSET)
            logger.handlers.clear()
    return {"level": root.level, "handlers": [type(handler).__name__ for handler in root.handlers], "path": path}


INI = """
[loggers]
keys=root
[handlers]
keys=err
[formatters]
keys=plain
[logger_root]
level=INFO
handlers=err
[handler_err]
class=StreamHandler
formatter=plain
args=(sys.stderr,)
[formatter_plain]
format=I %(message)s
"""


@tool
def reads(path: str) -> list[str]:
    """The lines of a file."""
    with open(path) as file:
        return file.read().splitlines()


@tool
def fails() -> None:
    """A record with a traceback."""
    try:
        {}["nothing"]  # type: ignore[index]
    except KeyError:
        log.exception("it failed\nin two lines")


@tool
def tells_more() -> None:
    """A record with fields."""
    extra = {
        "user": "ada",
        "rows": 3,
        "ratio": 0.5,
        "none": None,
        "tags": ["a", {"b": 1}],
        "password": "hunter2",
        "url": "postgres://me:secret@db/x",
        "infinite": float("inf"),
        "big": 2**70,
        "odd": object,
        "long": "x" * 5000,
        "loop": LOOP,
    }
    log.warning("with more", extra=extra)


LOOP: dict[str, Any] = {}
LOOP["self"] = LOOP


@tool
def tells_too_much() -> None:
    """More fields than can be told."""
    log.warning("too much", extra={f"field_{index}": "y" * 1000 for index in range(100)})


@tool
def misfits() -> None:
    """A record whose arguments do not fit."""
    log.warning("%d rows", "three")


@tool
def by_the_context() -> None:
    """What the call's own logger says."""
    context.logger.debug("debug of the call")
    context.logger.info("info of the call")


@tool
def by_a_queue() -> None:
    """Handlers on another thread."""
    waiting: queue.Queue[Any] = queue.Queue()
    handler = logging.handlers.QueueHandler(waiting)
    written: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.getMessage())

    listener = logging.handlers.QueueListener(waiting, Keeps())
    log.addHandler(handler)
    listener.start()
    log.warning("by a queue")
    listener.stop()
    log.removeHandler(handler)
    assert written == ["by a queue"]
