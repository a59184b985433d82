import time
import uuid

from whence.journal import uuid7


def test_it_is_a_uuid_of_version_7_that_says_when_it_was_made():
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(uuid7())
    after = time.time_ns() // 1_000_000

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_names_differ_and_their_random_bits_all_vary():
    made = [int(uuid7(), 16) for _ in range(2000)]
    random_bits = ((1 << 80) - 1) & ~(0xF << 76) & ~(0b11 << 62)
    ever_one = ever_zero = 0
    for number in made:
        ever_one |= number
        ever_zero |= ~number

    assert len(set(made)) == len(made)
    assert ever_one & ever_zero & random_bits == random_bits
