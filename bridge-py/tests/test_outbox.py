"""What leaves in which message: order, coalescing, and values that are cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakepit_bridge._codec.split import encode_split
from snakepit_bridge._codec.values import encode
from snakepit_bridge._peer.cargo import PART_BYTES, WHOLE_BYTES
from snakepit_bridge._peer.outbox import Outbox
from snakepit_bridge._peer.strand import Marked
from snakepit_bridge._protocol.frames import END, ITEMS, OK
from snakepit_bridge._protocol.messages import End, Envelope, Frame, Ok
from snakepit_bridge._wire.frames_proto import ProtoFrames


@pytest.mark.proves("PAYLOAD-03")
def test_small_frames_overtake_a_large_value_but_never_their_own_call() -> None:
    outbox = Outbox()
    big, small = outbox.strand(1), outbox.strand(3)
    big.add(bytes(5 * PART_BYTES))
    big.add(b"\x01")
    messages = _messages(outbox)
    first = next(messages)
    small.add(b"\x02")
    rest = [first]
    while not rest or _bodies(rest[-1])[-1:] != b"\x01":
        rest.append(next(messages))
    frames = [frame for message in rest for frame in Envelope.FromString(message).frames]
    order = [(frame.WhichOneof("kind"), getattr(frame, frame.WhichOneof("kind")).call) for frame in frames]
    assert order.index(("items", 3)) == 1
    assert [call for _, call in order if call == 1] == [1] * 6
    assert max(map(len, rest)) < WHOLE_BYTES + 1024


@pytest.mark.proves("PAYLOAD-03")
def test_what_is_added_while_a_large_value_is_on_its_way_is_not_forgotten() -> None:
    outbox = Outbox()
    strand, other = outbox.strand(1), outbox.strand(3)
    strand.add(bytes(2 * PART_BYTES))
    messages = _messages(outbox)
    sent = [next(messages)]
    strand.add(b"\x01")
    other.add(b"\x02")  # makes the sender look at what is ready while the value is still on its way
    sent.append(next(messages))
    strand.add(b"\x03")
    outbox.close()
    sent += messages
    assert b"".join(map(_bodies, sent)).replace(b"\0", b"") == b"\x02\x01\x03"


@pytest.mark.proves("PAYLOAD-03")
@pytest.mark.parametrize(("size", "parts"), [(PART_BYTES, 0), (WHOLE_BYTES - 5, 0), (WHOLE_BYTES, 1)])
def test_a_block_of_a_mebibyte_is_one_frame(size: int, parts: int) -> None:
    outbox = Outbox()
    strand = outbox.strand(1)
    block = bytes(size)
    strand.add(encode_split(block))
    strand.add(Marked(encode_split(block), {"k": "v"}))
    outbox.close()
    frames = [frame for message in _messages(outbox) for frame in Envelope.FromString(message).frames]
    assert [frame.WhichOneof("kind") for frame in frames] == ([*["part"] * parts, "items"]) * 2
    assert all(len(frame.part.data) <= PART_BYTES for frame in frames)
    body = b"".join(frame.part.data or frame.items.body for frame in frames)
    assert body == encode(block) * 2
    first, second = (frame.items for frame in frames if frame.HasField("items"))
    assert (first.first, second.first, list(second.sizes)) == (0, 1, [size + 5])
    assert dict(second.marks[0].metadata) == {"k": "v"}


@pytest.mark.proves("STREAM-06", "PAYLOAD-03")
@given(st.lists(st.binary(max_size=300)), st.dictionaries(st.text(), st.text()), st.integers(1, (1 << 32) - 1))
def test_frames_made_by_hand_are_what_protobuf_would_have_made(
    items: list[bytes], metadata: dict[str, str], call: int
) -> None:
    marks = [(len(items) - 1, metadata)] if items else []
    body = b"".join(items)
    batch = ProtoFrames().batch()
    batch.add_around((ITEMS, call, 7, list(map(len, items)), None, marks), items)
    batch.add_around((END, call, OK, None, True, metadata, 3, 4), [body])
    (frame, ended) = Envelope.FromString(b"".join(batch.message())).frames
    expected = Frame()
    expected.items.call, expected.items.first, expected.items.body = call, 7, body
    expected.items.sizes.extend(map(len, items))
    for index, told in marks:
        expected.items.marks.add(index=index, metadata=told)
    assert frame == expected
    expected = Frame(end=End(call=call, ok=Ok(value=body, marked=True, metadata=metadata)))
    expected.end.timings.queued_us, expected.end.timings.run_us = 3, 4
    assert ended == expected


def _messages(outbox: Outbox) -> Iterator[bytes]:
    return map(b"".join, outbox.messages(ProtoFrames()))


def _bodies(message: bytes) -> bytes:
    return b"".join(frame.items.body for frame in Envelope.FromString(message).frames)


@pytest.mark.proves("STREAM-06")
def test_items_that_wait_leave_as_one_frame() -> None:
    outbox = Outbox()
    strand = outbox.strand(7)
    for number in range(5):
        strand.add(encode(number))
    strand.add(Marked(encode("marked"), {"k": "v"}))
    (frame,) = Envelope.FromString(next(_messages(outbox))).frames
    assert (frame.items.first, list(frame.items.sizes)) == (0, [1] * 5 + [7])
    assert [(mark.index, dict(mark.metadata)) for mark in frame.items.marks] == [(5, {"k": "v"})]
