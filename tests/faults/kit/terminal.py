"""Runs a command in a terminal of its own, with a shell's job control where asked for.

python terminal.py COMMAND...    what comes on standard input is typed, what the terminal shows goes to standard output;
                                 the end of standard input closes the terminal
"""

import os
import pty
import selectors
import sys


def main(command: list[str]) -> None:
    """Carries bytes both ways until the command has ended or the terminal is closed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    with selectors.DefaultSelector() as both:
        both.register(0, selectors.EVENT_READ)
        both.register(terminal, selectors.EVENT_READ)
        while True:
            for key, _ in both.select():
                try:
                    data = os.read(key.fd, 4096)
                except OSError:  # the last process has left it
                    data = b""
                if not data:
                    return
                os.write(1 if key.fd == terminal else terminal, data)


main(sys.argv[1:])
