"""Speaks the protocol of another time."""

import os
import sys

os.write(3, b'{"snakepit": 7, "listen": "unix:///tmp/x"}\n')
sys.stdin.read()
