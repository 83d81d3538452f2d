"""The start of a worker process, in the order that matters.

``python -m snakepit_bridge`` is run by the TypeScript host, which sends a line on standard input and reads the answer
from descriptor 3.
"""

import os
import sys

if sys.version_info < (3, 11):
    # `-P` came with 3.11: a `json.py` in the current directory must not stand in for the real one.
    sys.path[:] = (
        [entry for entry in sys.path if entry not in ("", os.getcwd())] if not sys.flags.isolated else sys.path
    )

_HELP = """\
usage: python -m snakepit_bridge [--help] [--version] [--socket PATH]

The Python half of Snakepit: a worker process that runs Python tools for a Node program.
It is started by the `snakepit` npm package and is of no use by itself.

Write tools in a file of your own

    from snakepit_bridge import tool

    @tool
    def add(a: int, b: int) -> int:
        return a + b

and open it from TypeScript: `await Snakepit.open({ adapter: './tools.py' })`

--socket is the host's to give: the socket that is removed, with its folder, when the worker has ended.
"""

_BY_HAND = """\
This is the worker half of Snakepit. The npm package `snakepit` starts it and speaks to it through
pipes; there is nothing to see here by hand. `python -m snakepit_bridge --help` says more.
"""


def main(arguments: "list[str]") -> int:
    """Runs the command line. Returns an exit status; a worker that has started leaves by itself."""
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(_HELP)
        return 0
    if arguments == ["--version"]:
        from snakepit_bridge._version import __version__

        sys.stdout.write(f"snakepit_bridge {__version__}\n")
        return 0
    socket = arguments[1] if len(arguments) == 2 and arguments[0] == "--socket" else None
    if arguments and socket is None:
        sys.stderr.write(f"snakepit_bridge takes no `{arguments[0]}`\n\n{_HELP}")
        return 2
    if not _started_by_host():
        sys.stderr.write(_BY_HAND)
        return 2
    from snakepit_bridge import _guardian

    # Before any thread, and before anything is read: what comes after happens in the worker, below its guardian.
    return _work(_guardian.split(socket))


def _started_by_host() -> bool:
    try:
        os.fstat(3)
        return not os.isatty(0)
    except OSError:
        return False


def _work(notice: int) -> int:
    import faulthandler

    from snakepit_bridge import _bootstrap, _descriptors, _environment
    from snakepit_bridge._runtime.ending import Ending

    # The thread that crashed says enough: the stacks of all the others would push out what it printed before.
    faulthandler.enable(file=2, all_threads=False)
    descriptors = _descriptors.claim(_bootstrap.ANSWER_FD, notice)
    ending = Ending(descriptors.notice)
    try:
        settings = _bootstrap.read_settings(descriptors.lifeline)
        _environment.free(settings.environment)
        from snakepit_bridge import _requirements

        _requirements.check(settings.transport.get("kind"))
        from snakepit_bridge._worker import Worker

        Worker(settings, descriptors, ending).run()
    except _bootstrap.StartFailure as failure:
        ending.begin()
        _bootstrap.answer_failure(descriptors.answer, failure)
        # Threads of a half imported adapter must not hold the process.
        ending.watch_from_now(_bootstrap.START_FAILED)
        return _bootstrap.START_FAILED
    except BaseException:
        # A fault of ours. Printed, and then the same: nothing is waited for.
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
