"""Frames read many at once are those that are read one by one, up to the first that is none."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.journal import frame
from whence.work.frames import Payloads

KINDS = [b"", b"a", b"aa", b"bb", b"ccc", b"dab", b"x" * 60, b"y" * 1030]
STRETCHES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from([1, 2, 511, 512, 513, 1100])), max_size=6
)


def one_by_one(view):
    payloads, end = [], 0
    while found := frame.decode(view, end):
        payloads.append(bytes(found.payload))
        end = found.end
    return payloads, end


def at_once(view):
    read = Payloads()
    end = read.take(view, 0)
    numbered = {
        number: payload
        for first, payloads in read.single
        for number, payload in enumerate(payloads, first)
    }
    for at, rows, varies in read.alike:
        numbered |= dict(zip(at.tolist(), map(bytes, rows), strict=True))
        assert (rows[:, ~varies] == rows[0, ~varies]).all()
    assert sorted(numbered) == [*range(read.count)]
    return [numbered[at] for at in range(read.count)], end


@settings(deadline=None)
@given(STRETCHES, st.data())
def test_they_are_the_same(stretches, data):
    frames = b"".join(frame.encode(payload) * times for payload, times in stretches)
    whole = bytearray(frames)
    if whole and data.draw(st.booleans()):
        bit = data.draw(st.integers(0, 8 * len(whole) - 1))
        whole[bit // 8] ^= 1 << bit % 8
    view = memoryview(bytes(whole))

    assert at_once(view) == one_by_one(view)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 1024), st.integers(0, 2**32), st.integers(0, 12_000))
def test_each_bit_counts_wherever_it_is(length, seed, bit):
    chance = random.Random(seed)  # noqa: S311 - data
    payloads = [chance.randbytes(length) for _ in range(700)]
    frames = [bytearray(frame.encode(payload)) for payload in payloads]
    assert at_once(memoryview(b"".join(frames))) == (payloads, 700 * len(frames[0]))

    bit %= 8 * len(frames[0])
    frames[655][bit // 8] ^= 1 << bit % 8
    view = memoryview(b"".join(frames))
    assert at_once(view) == one_by_one(view) == (payloads[:655], 655 * len(frames[0]))
