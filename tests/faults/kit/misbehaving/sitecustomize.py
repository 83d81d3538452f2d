"""Puts the stand-in in front of the real bridge, in processes that are told to misbehave.

Whoever starts a worker puts the bridge first on the path; the only word before that is this file's.
"""

# ruff: noqa: INP001
import os
import sys

if "MISBEHAVE" in os.environ:
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_in"))
