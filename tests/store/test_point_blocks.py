"""Points read many at once are those that the records say, one by one."""

import math
import random

import msgspec
import numpy as np
import pytest

import whence
from whence.journal import frame
from whence.journal.identity import uuid7
from whence.record import decode
from whence.types.records import Points, RunEnd
from whence.work.frames import Payloads
from whence.work.point_blocks import blocks

encode = msgspec.msgpack.Encoder().encode
RUNS = [uuid7() for _ in range(3)]
STEPS = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63 - 1,
         -1, -32, -33, -128, -129, -(2**15), -(2**15) - 1, -(2**31) - 1, -(2**63)]  # fmt: skip
VALUES = [0.5, math.inf, -math.inf, 0, 1, 127, 128, -1, -33, 2**16, -(2**31), 2**63 - 1, 2**64 - 1]
NAMES = [["loss"], ["loss", "lr"], ["größe" * 7], ["x" * 200], [f"m{k}" for k in range(20)]]


def one_by_one(payloads):
    """What the decoder of records says: point -> value, and what is no record of points."""
    points, others = [], []
    for at, payload in enumerate(payloads):
        record = decode(payload)
        if isinstance(record, Points) and record.step < 2**63 and record.at < 2**63:
            points += [(at, record.run, record.at, record.step, key, float(value))
                       for key, value in record.values.items()]  # fmt: skip
        else:
            others.append(payload)
    return points, others


def at_once(payloads):
    read = Payloads()
    read.take(memoryview(b"".join(map(frame.encode, payloads))), 0)
    found, others = blocks(read)
    points = [
        (at, block.runs[of], time, step, block.metrics[which], value)
        for block in found
        for of, at, time, step, names, values in zip(
            *(
                one.tolist()
                for one in (block.of, block.at, block.times, block.steps, block.which, block.values)
            ),
            strict=True,
        )
        for which, value in zip(names, values, strict=True)
    ]
    return sorted(points), others


def said(chance, kind):
    """A record as a program says it."""
    if kind != "of every kind":
        name = "loss" if kind != "of several metrics" else chance.choice(["loss", "rate", "näh"])
        values = {name: chance.random()}
        at = 1_700_000_000_000_000 + chance.randrange(10**9)
        return Points(RUNS[0] if kind == "alike" else chance.choice(RUNS), at, 77, values)
    step = chance.choice(STEPS)
    values = {key: chance.choice(VALUES) for key in chance.choice(NAMES)}
    return Points(chance.choice(RUNS), chance.randrange(2**60), step, values)


@pytest.mark.parametrize(
    "kind", ["alike", "of several runs", "of several metrics", "of every kind"]
)
def test_they_are_the_same(kind):
    chance = random.Random(3)  # noqa: S311 - data
    payloads = [encode(said(chance, kind)) for _ in range(5000)]
    points, others = at_once(payloads)
    assert points == sorted(one_by_one(payloads)[0])
    assert others == []


def test_what_is_no_point_is_left_in_its_order():
    ends = [encode(RunEnd(RUNS[0], 10**15, "finished")) for _ in range(50)]
    point = encode(Points(RUNS[0], 10**15, 7, {"loss": 0.5}))
    payloads = [one for end in ends for one in (point, end)]
    points, others = at_once([*payloads, b"", b"\x95", b"\x95\x09", b"\xc1\x09" * 40])
    assert len(points) == 50
    assert others == [*ends, b"", b"\x95", b"\x95\x09", b"\xc1\x09" * 40]


def foreign(change):
    """Records that no Whence writes, alike in all but the time."""
    record = [9, RUNS[0], 10**15, 5, {"loss": 0.25}]
    return [encode(change([*record[:2], record[2] + at, *record[3:]])) for at in range(100)]


OTHERWISE = {
    "a newer Whence's": lambda record: [*record, "more"],
    "a step beyond 64 bits": lambda record: [*record[:3], 2**63, record[4]],
    "a time beyond 64 bits": lambda record: [*record[:2], 2**64 - 1 - record[2], *record[3:]],
    "no number": lambda record: [*record[:4], {"loss": "low"}],
    "no text": lambda record: [*record[:4], {7: 0.5}],
    "a step that is no integer": lambda record: [*record[:3], 0.5, record[4]],
    "a whole step as a float": lambda record: [*record[:3], 3.0, record[4]],
    "a run that is no ASCII": lambda record: [record[0], "läuft" * 6, *record[2:]],
    "a run with NUL": lambda record: [record[0], "run\0\0", *record[2:]],
    "no run": lambda record: [record[0], "", *record[2:]],
    "no metrics": lambda record: [*record[:4], {}],
    "too short": lambda record: record[:3],
}


@pytest.mark.parametrize("change", OTHERWISE.values(), ids=OTHERWISE)
def test_what_is_written_otherwise_is_read_as_the_decoder_reads_it(change):
    payloads = foreign(change)
    assert at_once(payloads) == one_by_one(payloads)


def test_a_name_said_twice_counts_once():
    twice = encode([9, RUNS[0], 10**15, 5])[:-1] + b"\x05\x82" + 2 * (encode("a") + encode(0.5))
    payloads = [b"\x95" + twice[1:]] * 100
    assert at_once(payloads) == one_by_one(payloads)
    assert len(at_once(payloads)[0]) == 100


def test_of_points_said_at_the_same_moment_the_last_holds(tmp_path, monkeypatch):
    monkeypatch.setattr("whence.record.runs.now", lambda: 1_700_000_000_000_000)
    with whence.start_run(store=tmp_path, capture=False) as run:
        for value in [*np.linspace(0, 1, 100).tolist(), 7, 0.25, 3]:
            run.log({"loss": value}, step=1)
    read = whence.open(tmp_path).run(run.id)
    assert read.metrics == {"loss": 3.0}
    assert read.metric("loss")["value"].to_pylist()[-3:] == [7.0, 0.25, 3.0]
