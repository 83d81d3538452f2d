"""The loop that every chunk of a sync stream goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from time import perf_counter_ns
from typing import Any

from snakepit_bridge._codec.split import Split, encode_split
from snakepit_bridge._codec.values import encode
from snakepit_bridge._peer.credit import Credit
from snakepit_bridge._peer.strand import Marked
from snakepit_bridge._runtime.chunks import BadChunk, Final, is_final, unwrap
from snakepit_bridge._runtime.places import boundary
from snakepit_bridge._runtime.run import Interrupter, Run
from snakepit_bridge.errors import SnakepitError

# Chunks that follow each other faster than this leave together.
_BURST_NS = 50_000


@boundary
def pump(
    interrupts: Interrupter, run: Run, iterator: Iterator[Any], read_until: Callable[[Callable[[], bool]], None] | None
) -> Final | None:
    """Sends what the iterator gives, never further ahead than the window.

    ``read_until`` reads the wire while this thread waits for credit; without it, somebody else reads.
    Returns how the stream ended, or None when it was cancelled at a yield. Raises what the iterator raises.
    """
    # About a microsecond per item is all there is: locals, two comparisons, no object but the bytes.
    credit, strand, step = run.call.credit, run.call.strand, iterator.__next__
    add, send, clock = strand.add, strand.send_item, perf_counter_ns
    last = 0
    data: bytes | Split
    sent = sent_bytes = 0
    try:
        while True:
            if sent >= credit.items or sent_bytes >= credit.bytes:
                # What was sent is of no use any more, and may be large.
                item = content = data = b""
                if read_until is None:
                    _wait(credit, sent, sent_bytes)
                else:
                    read_until(partial(credit.allows, sent, sent_bytes))
                if credit.revoked:
                    return None
            interrupts.armed = run
            item = step()
            interrupts.armed = None
            if interrupts.pending:
                interrupts.settle()
            if type(item) is dict and "is_final" not in item:
                data = encode(item)
            else:
                content, metadata = unwrap(item)
                data = encode_split(content)
                if is_final(item):
                    return Final(data, marked=True, metadata=metadata)
                if metadata:
                    add(Marked(data, metadata))
                    sent += 1
                    sent_bytes += len(data)
                    continue
            # What comes alone goes out at once; in a burst, whoever sends takes all that waits.
            if strand.scheduled or type(data) is not bytes or (now := clock()) - last < _BURST_NS:
                add(data)
            else:
                last = now
                send(data)
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


def _wait(credit: Credit, sent: int, sent_bytes: int) -> None:
    """Waits at the end of the window, also for a cancel."""
    gate: SimpleQueue[None] = SimpleQueue()
    credit.notify = lambda: gate.put(None)
    while not credit.allows(sent, sent_bytes):
        credit.waiting = True
        if not credit.allows(sent, sent_bytes):
            gate.get()
    credit.waiting = False
