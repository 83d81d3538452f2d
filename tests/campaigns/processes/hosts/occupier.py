"""PID 1 of a namespace: runs a command, and gives the number of each process that ends below it to a stranger.

python occupier.py COMMAND...    prints {"status", "strangers", "hit"} as its last line
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

_LAST = "/proc/sys/kernel/ns_last_pid"


def main(command: list[str]) -> None:
    """Runs the command to its end; then says which strangers were harmed."""
    child = os.posix_spawnp(command[0], command, os.environ)
    strangers: set[int] = set()
    hit: dict[int, int] = {}
    seen: set[int] = set()
    status = None
    while status is None:
        there = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        for pid in sorted(seen - there):
            if occupy(pid):
                strangers.add(pid)
        seen = there - strangers - {1}
        for pid, ended in collected():
            if pid == child:
                status = os.waitstatus_to_exitcode(ended)
            elif pid in strangers:
                hit[pid] = ended
                strangers.discard(pid)
        time.sleep(0.002)
    print(json.dumps({"status": status, "strangers": len(strangers) + len(hit), "hit": hit}), flush=True)


def occupy(pid: int) -> bool:
    """A new process with this number, which waits for the end of all; False when somebody was faster."""
    with open(_LAST, "w", encoding="ascii") as last:
        last.write(str(pid - 1))
    stranger = os.fork()
    if stranger == 0:
        os.closerange(0, 64)
        while True:
            signal.pause()
    if stranger == pid:
        return True
    os.kill(stranger, signal.SIGKILL)
    os.waitpid(stranger, 0)
    return False


def collected() -> list[tuple[int, int]]:
    """Children that have ended."""
    ends = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ends
        if pid == 0:
            return ends
        ends.append((pid, status))


main(sys.argv[1:])
