from hypothesis import given
from hypothesis import strategies as st

from whence.journal import frame


@given(st.lists(st.binary(max_size=200), max_size=5), st.binary(max_size=30))
def test_frames_are_found_again_behind_any_rubbish(payloads, rubbish):
    frames = [frame.encode(payload) for payload in payloads]
    data = rubbish + b"".join(frames)

    read, position = [], frame.find(data, 0)
    while position is not None:
        found = frame.decode(memoryview(data), position)
        read.append(bytes(found.payload))
        position = frame.find(data, found.end)

    assert read == payloads


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_changed_bit_is_noticed_wherever_it_is(payload, data):
    whole = bytearray(frame.encode(payload))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8

    assert frame.decode(memoryview(bytes(whole)), 0) is None


@given(st.binary(max_size=100), st.data())
def test_a_torn_frame_is_no_frame(payload, data):
    whole = frame.encode(payload)
    kept = data.draw(st.integers(0, len(whole) - 1))

    assert frame.decode(memoryview(whole[:kept]), 0) is None


@given(st.text())
def test_no_text_contains_the_magic(text):
    assert frame.encode(b"")[:4] not in text.encode("utf-8", "replace")
