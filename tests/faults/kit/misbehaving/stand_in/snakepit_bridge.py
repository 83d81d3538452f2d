"""What `python -m snakepit_bridge` runs in a process that is told to misbehave."""

# ruff: noqa: INP001
from misbehaving_worker.program import main

main()
