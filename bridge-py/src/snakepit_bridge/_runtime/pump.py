"""The loop that every chunk of a sync stream goes through."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

from snakepit_bridge._codec.split import Split, encode_split
from snakepit_bridge._codec.values import encode
from snakepit_bridge._peer.credit import Credit
from snakepit_bridge._peer.strand import Marked
from snakepit_bridge._runtime.chunks import BadChunk, Final, is_final, unwrap
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.run import Interrupter, Run
from snakepit_bridge.errors import SnakepitError


@boundary
def pump(interrupts: Interrupter, run: Run, iterator: Iterator[Any]) -> Final | None:
    """Sends what the iterator gives, never further ahead than the window.

    Returns how the stream ended, or None when it was cancelled at a yield. Raises what the iterator raises.
    """
    # About a microsecond per item is all there is: locals, two comparisons, no object but the bytes.
    credit, add, step = run.call.credit, run.call.strand.add, iterator.__next__
    data: bytes | Split
    sent = sent_bytes = 0
    try:
        while True:
            if sent >= credit.items or sent_bytes >= credit.bytes:
                # What was sent is of no use any more, and may be large.
                item = content = data = b""
                if not _wait(credit, sent, sent_bytes):
                    return None
            interrupts.armed = run
            item = step()
            interrupts.armed = None
            if interrupts.pending:
                interrupts.settle()
            if type(item) is dict and "is_final" not in item:
                data = encode(item)
                add(data)
            else:
                content, metadata = unwrap(item)
                data = encode_split(content)
                if is_final(item):
                    return Final(data, marked=True, metadata=metadata)
                add(Marked(data, metadata) if metadata else data)
            sent += 1
            sent_bytes += len(data)
    except StopIteration as stop:
        interrupts.leave()
        return None if credit.revoked else Final(encode(stop.value))
    except SnakepitError as error:
        if interrupts.armed is run:
            raise  # the tool's own
        raise BadChunk(sent, error) from None
    finally:
        interrupts.leave()


def _wait(credit: Credit, sent: int, sent_bytes: int) -> bool:
    """Waits at the end of the window. False when the call was cancelled."""
    if credit.revoked:
        return False
    gate: SimpleQueue[None] = SimpleQueue()
    credit.notify = lambda: gate.put(None)
    while not credit.allows(sent, sent_bytes):
        credit.waiting = True
        if not credit.allows(sent, sent_bytes):
            gate.get()
    credit.waiting = False
    return not credit.revoked
