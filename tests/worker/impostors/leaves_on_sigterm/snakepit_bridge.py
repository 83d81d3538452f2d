"""Does not look at its input, but obeys SIGTERM."""

import time

print("here to stay", flush=True)
while True:
    time.sleep(60)
