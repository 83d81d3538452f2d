"""Says something while it is imported and made ready."""

import logging
import sys

from snakepit_bridge import BaseAdapter, tool

print("printed at import")
print("Importing ...", end="", flush=True)
print(" imported", file=sys.stdout)
logging.getLogger("app.start").warning("warned at import\nin two lines", extra={"step": 1})


class Early(BaseAdapter):
    """Warms up."""

    def initialize(self) -> None:
        """Says so."""
        print("warming up")
        print("a complaint", file=sys.stderr)

    @tool
    def says(self, text: str) -> None:
        """Prints and logs."""
        print(text)
        print(f"{text}, loud", file=sys.stderr)
        logging.getLogger("app").info("%s, unseen", text)
        logging.getLogger("app").error("%s, logged\nin two lines", text)

    @tool
    def floods(self, lines: int) -> None:
        """Prints much."""
        for index in range(lines):
            print("line", index, "x" * 200)
