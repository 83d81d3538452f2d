"""Neither the end of its input nor SIGTERM makes it leave."""

import signal
import time

signal.signal(signal.SIGTERM, lambda *_: print("not now", flush=True))
print("here to stay", flush=True)
while True:
    time.sleep(60)
