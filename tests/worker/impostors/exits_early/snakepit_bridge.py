"""Leaves at once, with a word."""

import sys

sys.exit("the disk is full")
