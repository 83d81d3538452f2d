"""Takes for ever to import."""

import time

print("loading the model", flush=True)
time.sleep(600)
