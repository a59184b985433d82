"""The verdict on incidents whose cause is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from whence.causes.catalogue import CATALOGUE
from whence.errors import BadInput
from whence.types.records import Event
from whence.types.reports import Incident, WhyReport
from whence.types.rows import Column
from whence.types.time import micros
from whence.why import diagnose
from whence.why.calendar import Calendar

DAY_0 = datetime(2023, 7, 1, tzinfo=UTC)


def total(report):
    return sum(f.points for f in report.findings) + report.unexplained + report.closure


def drop(case):
    return case.after.loss.mean() - case.before.loss.mean()


@pytest.fixture(scope="module")
def told(simulated):
    """Return the report on an incident; made once."""
    made = {}

    def tell(kind, seed, world="binary"):
        key = (kind, seed, world)
        if key not in made:
            case = simulated(*key)
            made[key] = (case, diagnose("model", case.before, case.after))
        return made[key]

    return tell


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "kind",
    [
        "pipeline-break",
        "unseen-value-or-range",
        "mix-shift",
        "change-within-a-slice",
        "label-shift",
        "concept-shift",
    ],
)
def test_each_kind_alone_is_named_and_its_points_add_up(told, kind, seed):
    case, report = told(kind, seed)
    assert report.verdict.cause == kind
    assert total(report) == pytest.approx(drop(case), abs=1e-12)
    named = sum(f.points for f in report.findings if f.cause == kind)
    assert named == pytest.approx(drop(case), abs=0.03)


@pytest.mark.parametrize("world", ["classes", "curved"])
@pytest.mark.parametrize(
    "kind", ["unseen-value-or-range", "change-within-a-slice", "concept-shift"]
)
def test_other_worlds(told, kind, world):
    assert told(kind, 3, world)[1].verdict.cause == kind


def test_no_change_is_never_called_a_cause(told):
    for seed in (1, 2, 3):
        _, report = told("none", seed)
        assert report.verdict.cause in {"nothing-wrong", "cannot-tell-yet"}
        assert report.verdict.where == {}


def test_slice_is_found_exactly_among_drifts_and_proxies(told):
    case, report = told("change-within-a-slice", 1)
    where = report.verdict.where
    assert set(where) == set(case.where)
    assert where["device"] == case.where["device"]
    # The 20 bins of age are about three years wide.
    assert where["age"][0] == pytest.approx(case.where["age"][0], abs=3)


def test_unseen_value_is_named_with_its_proxy(told):
    _, report = told("unseen-value-or-range", 1)
    assert report.verdict.where == {"device": "X20"}
    finding = next(f for f in report.findings if f.cause == "unseen-value-or-range")
    assert finding.slice == {"device": "X20"}
    assert any("the same rows: photo.width = 56" in line for line in finding.evidence)
    assert "never seen in the reference" in report.verdict.sentence


def test_everywhere_is_not_beaten_by_slices_of_it(told):
    _, report = told("concept-shift", 1)
    assert report.verdict.where == {}
    assert {f.cause for f in report.findings if f.points > 0.03} == {"concept-shift"}


def test_wrong_suspects_are_ruled_out_in_words(told):
    _, report = told("change-within-a-slice", 1)
    checked = {one.cause: one for one in report.checked}
    assert list(checked) == [cause.NAME for cause in CATALOGUE]
    assert checked["change-within-a-slice"].ruled_out_by is None
    assert all(one.ruled_out_by for name, one in checked.items() if name != "change-within-a-slice")
    assert "input drift: present" in checked["mix-shift"].ruled_out_by
    assert checked["change-within-a-slice"].interval[0] > 0


def test_shares_are_of_the_positive_points(told):
    _, report = told("unseen-value-or-range", 1)
    shares = [f.share for f in report.findings if f.points > 0]
    assert all(share is not None for share in shares)
    assert all(f.share is None for f in report.findings if f.points <= 0)
    assert sum(shares) <= 1 + 1e-9


def test_no_shares_where_the_interval_of_the_drop_holds_zero(told):
    _, report = told("none", 1)
    assert all(f.share is None for f in report.findings)


def test_same_rows_same_verdict_and_order_does_not_matter_much(told):
    case, report = told("change-within-a-slice", 2)
    assert diagnose("model", case.before, case.after) == report
    order = np.random.default_rng(0).permutation(len(case.after))
    shuffled = diagnose("model", case.before, case.after.take(order))
    assert shuffled.verdict.cause == report.verdict.cause
    assert set(shuffled.verdict.where) == set(report.verdict.where)
    for one, other in zip(report.findings, shuffled.findings, strict=True):
        assert one.points == pytest.approx(other.points, abs=0.005)


def test_event_near_the_change_is_the_trigger(simulated):
    case = simulated("unseen-value-or-range", 1)
    calendar = Calendar(tuple(DAY_0 + timedelta(days=d) for d in range(90)))
    start = calendar.start(56)

    def event(name, day, scope=None):
        at = micros(DAY_0 + timedelta(days=day))
        return Event(name, name, at, "external", scope or {})

    incident = Incident(
        id="i", metric="accuracy", started=start, detected=start, ended=None, before=0.8, after=0.6
    )
    events = [
        event("new phone on sale", 56, {"device": "X20"}),
        event("campaign for X1", 56, {"device": "X1"}),
        event("office party", 20),
    ]
    report = diagnose(
        "m", case.before, case.after, incident=incident, events=events, calendar=calendar
    )
    assert report.verdict.trigger.name == "new phone on sale"
    assert "since 2023-08-26" in report.verdict.sentence
    assert report.verdict.sentence.endswith("; it began with 'new phone on sale'.")
    report = diagnose(
        "m", case.before, case.after, incident=incident, events=events[1:], calendar=calendar
    )
    assert report.verdict.trigger is None
    assert "what it began with: no listed event or version fits" in report.cannot_know


def test_version_of_all_failing_rows_is_a_trigger_and_not_a_cause(simulated):
    case = simulated("concept-shift", 1)
    levels = ("v1", "v2")
    version = [
        Column("version", "category", np.full(len(rows), code, np.int32), levels)
        for code, rows in enumerate((case.before, case.after))
    ]
    before = replace(case.before, columns=(*case.before.columns, version[0]))
    after = replace(case.after, columns=(*case.after.columns, version[1]))
    calendar = Calendar(tuple(DAY_0 + timedelta(days=d) for d in range(90)))
    report = diagnose("m", before, after, calendar=calendar)
    assert report.verdict.cause == "concept-shift"
    assert report.verdict.trigger.kind == "version"
    assert report.verdict.trigger.name == "v2"
    assert report.verdict.trigger.at == calendar.start(56)


def test_a_report_is_json(told):
    _, report = told("unseen-value-or-range", 1)
    encoded = msgspec.json.encode(report)
    assert msgspec.json.decode(encoded, type=WhyReport).verdict == report.verdict


def test_periods_on_different_codings_are_refused(simulated):
    case = simulated("change-within-a-slice", 1)
    other = replace(case.after, classes=("no", "yes"))
    with pytest.raises(BadInput, match="one coding"):
        diagnose("m", case.before, other)
