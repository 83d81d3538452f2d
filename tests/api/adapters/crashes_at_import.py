"""Dies of a signal before it is ready."""

import os
import signal

os.write(2, b"going down\n")
os.kill(os.getpid(), signal.SIGSEGV)
