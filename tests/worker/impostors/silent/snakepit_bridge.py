"""Says nothing at all."""

import sys

print("warming up", flush=True)
sys.stdin.read()
