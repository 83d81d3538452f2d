"""A tool that no cancellation and no SIGTERM makes leave."""

import signal
import time

from snakepit_bridge import tool


@tool
def stays() -> None:
    """Catches whatever is thrown at it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("staying")
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
