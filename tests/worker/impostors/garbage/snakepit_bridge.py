"""Writes something on the private pipe that is no handshake."""

import os
import sys

os.write(3, b"Starting server on \x1b[1mport 80\n")
sys.stdin.read()
