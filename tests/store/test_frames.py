"""Frames read many at once are those that are read one by one, up to the first that is none."""

from hypothesis import example, given
from hypothesis import strategies as st

from whence.journal import frame
from whence.work.frames import Payloads

KINDS = [b"", b"a", b"aa", b"bb", b"ccc", b"dab", b"x" * 60, b"y" * 1030]
STRETCHES = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 60)), max_size=6)


def one_by_one(view):
    payloads, end = [], 0
    while found := frame.decode(view, end):
        payloads.append(bytes(found.payload))
        end = found.end
    return payloads, end


def at_once(view):
    read = Payloads()
    end = read.take(view, 0)
    numbered = dict(read.single)
    for at, rows, varies in read.alike:
        numbered |= dict(zip(at.tolist(), map(bytes, rows), strict=True))
        assert (rows[:, ~varies] == rows[0, ~varies]).all()
    assert sorted(numbered) == [*range(read.count)]
    return [numbered[at] for at in range(read.count)], end


@given(STRETCHES, st.data())
def test_they_are_the_same(stretches, data):
    frames = b"".join(frame.encode(payload) * times for payload, times in stretches)
    whole = bytearray(frames)
    if whole and data.draw(st.booleans()):
        bit = data.draw(st.integers(0, 8 * len(whole) - 1))
        whole[bit // 8] ^= 1 << bit % 8
    view = memoryview(bytes(whole))

    assert at_once(view) == one_by_one(view)


@given(st.integers(2, 1024), st.randoms(use_true_random=False), st.integers(0, 12_000))
@example(65, None, 12_000)
def test_each_bit_counts_wherever_it_is(length, chance, bit):
    payloads = [b"%0*d" % (length, number * 7919 % 10**length) for number in range(80)]
    if chance is not None:
        payloads = [chance.randbytes(length) for _ in payloads]
    frames = [bytearray(frame.encode(payload)) for payload in payloads]
    assert at_once(memoryview(b"".join(frames))) == (payloads, 80 * (length + frame.OVERHEAD))

    bit %= 8 * len(frames[0])
    frames[55][bit // 8] ^= 1 << bit % 8
    view = memoryview(b"".join(frames))
    assert at_once(view) == one_by_one(view) == (payloads[:55], 55 * len(frames[0]))
