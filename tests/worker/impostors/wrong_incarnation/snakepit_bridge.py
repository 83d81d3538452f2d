"""Answers for a worker that was started some other time."""

import os
import sys

os.write(3, b'{"snakepit": 1, "incarnation": "00", "pid": 1, "address": "unix:///tmp/x"}\n')
sys.stdin.read()
