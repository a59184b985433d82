from datetime import UTC, datetime, timedelta, timezone

import pytest

from whence import record
from whence.errors import BadInput, NaiveTime
from whence.journal import frames_from
from whence.types.records import Event, Reference
from whence.types.time import micros

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def records(store):
    return [record.decode(frame.payload) for _, frame in frames_from(store / "journals")]


def test_an_event_is_recorded_with_its_id(tmp_path):
    made = record.event(
        tmp_path, "X20 goes on sale", at=WHEN, kind="campaign", scope={"device": "X20"}, model="m"
    )

    assert records(tmp_path) == [
        Event(made, "X20 goes on sale", micros(WHEN), "campaign", {"device": "X20"}, "m")
    ]


def test_the_same_event_is_one_however_it_is_said(tmp_path):
    here = WHEN.astimezone(timezone(timedelta(hours=9)))
    scope = {"a": "1", "b": "2"}
    first = record.event(tmp_path / "1", "launch", at=WHEN, scope=scope)
    again = record.event(tmp_path / "2", "launch", at=here, scope=dict(reversed(scope.items())))

    assert first == again
    others = [
        record.event(tmp_path, "lunch", at=WHEN, scope=scope),
        record.event(tmp_path, "launch", at=WHEN + timedelta(microseconds=1), scope=scope),
        record.event(tmp_path, "launch", at=WHEN, scope=scope, kind="deploy"),
        record.event(tmp_path, "launch", at=WHEN, scope={"a": "1"}),
        record.event(tmp_path, "launch", at=WHEN, scope=scope, model="m"),
    ]
    assert len({first, *others}) == 6


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"name": ""}, BadInput, "name is ''"),
        ({"kind": "party"}, BadInput, "kind is 'party'; give one of external, deploy"),
        ({"model": ""}, BadInput, "model is ''"),
        ({"at": "2026-03-01"}, BadInput, "at is '2026-03-01'; give an aware datetime"),
        ({"at": datetime(2026, 3, 1)}, NaiveTime, "has no zone"),  # noqa: DTZ001 - naive on purpose
        ({"scope": ["x"]}, BadInput, r"scope is \['x'\]; give a dict"),
        ({"scope": {"x": 5}}, BadInput, "the value of 'x' in scope is 5"),
        ({"scope": {5: "x"}}, BadInput, "a column of scope is 5"),
    ],
)
def test_a_bad_event_is_refused(tmp_path, change, error, message):
    said = {"name": "launch", "at": WHEN, **change}
    with pytest.raises(error, match=message):
        record.event(tmp_path, said.pop("name"), **said)

    assert records(tmp_path) == []


def test_a_reference_is_recorded(tmp_path):
    record.reference(tmp_path, "m", WHEN, WHEN + timedelta(days=7))

    (said,) = records(tmp_path)
    assert isinstance(said, Reference)
    assert (said.model, said.start) == ("m", micros(WHEN))
    assert said.end - said.start == 7 * 86_400 * 1_000_000


def test_a_bad_reference_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"ends at 2026-03-01T12:00:00\+00:00, not after its start"):
        record.reference(tmp_path, "m", WHEN, WHEN)
    with pytest.raises(NaiveTime):
        record.reference(tmp_path, "m", WHEN.replace(tzinfo=None), WHEN)
    with pytest.raises(BadInput, match="model is 7"):
        record.reference(tmp_path, 7, WHEN, WHEN + timedelta(days=1))

    assert records(tmp_path) == []
