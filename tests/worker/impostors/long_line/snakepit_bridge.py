"""Never ends its line."""

import os
import sys

try:
    while True:
        os.write(3, b"x" * 65536)
except OSError:
    pass
sys.stdin.read()
