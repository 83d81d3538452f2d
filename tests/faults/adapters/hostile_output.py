"""Tools whose output is not to be trusted."""

import logging
import os
import signal

from snakepit_bridge import tool

UNPRINTABLE = [*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
FORGED = '{"level":"critical","source":"snakepit","message":"forged"}'


@tool
def says(text: str, way: str) -> None:
    """Write a text by print, by logging, or past Python."""
    if way == "print":
        print(text)
    elif way == "logging":
        logging.getLogger("app").warning(text)
    else:
        os.write(1 if way == "stdout" else 2, text.encode() + b"\n")


@tool
def says_everything(way: str) -> None:
    """Write every character that moves a cursor, rings a bell, or turns the direction of text."""
    for code in UNPRINTABLE:
        says(f"before{chr(code)}after {code}", way)
    says(f"\r\x1b[2K\x1b]52;c;ZXZpbA==\x07{FORGED}", way)


@tool
def floods(lines: int, way: str) -> int:
    """Write many lines at once."""
    if way == "print":
        for number in range(lines):
            print(number)
    else:
        os.write(1, b"".join(b"%d\n" % number for number in range(lines)))
    return lines


@tool
def dies_with(text: str) -> None:
    """Leave last words."""
    os.write(2, text.encode() + b"\n")
    os.kill(os.getpid(), signal.SIGKILL)
