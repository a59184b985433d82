"""A real model that did not fail (American Community Survey): no performance alarm may sound."""

from pathlib import Path

import numpy as np
import pytest

from whence.watch.performance import Monitor

DATA = Path(__file__).parents[2] / "../shared/data/employment-ma"
PARTS = ("reference", "analysis", "analysis_target")
FEWEST_ROWS = 30

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the employment-ma data are not beside this checkout"
)


@pytest.fixture(scope="module")
def survey():
    """Return year, loss and the membership of each stream: all rows, every level, every bin."""
    pandas = pytest.importorskip("pandas")
    reference, later, target = (
        pandas.read_parquet(DATA / f"employment_MA_{part}.parquet") for part in PARTS
    )
    rows = pandas.concat([reference, later.merge(target, on="id")], ignore_index=True)
    loss = (rows["prediction"] != rows["employed"]).to_numpy(float)
    members = [np.ones(len(rows), bool)]
    edges = np.quantile(reference["AGEP"], np.arange(1, 20) / 20)
    inputs = [c for c in rows if c.isupper() or c == "RAC1P"]
    for name in inputs:
        values = np.searchsorted(edges, rows["AGEP"]) if name == "AGEP" else rows[name].astype(str)
        codes = pandas.factorize(np.asarray(values))[0]
        streams = [codes == code for code in range(codes.max() + 1)]
        members += [s for s in streams if s[: len(reference)].sum() >= FEWEST_ROWS]
    return rows["year"].to_numpy(), loss, members


def counts(window, loss, members):
    size = int(window.max()) + 1
    n = np.stack([np.bincount(window[m], minlength=size) for m in members], 1)
    errors = np.stack([np.bincount(window[m], loss[m], size) for m in members], 1)
    return n.astype(float), errors


def any_alarm(n, errors, reference):
    streams = n.shape[1]
    weights = np.r_[0.5, np.full(streams - 1, 0.5 / (streams - 1))]
    unordered = np.full(reference, -1)
    monitor = Monitor.start(
        n[:reference], errors[:reference], errors[:reference], unordered, weights=weights
    )
    alarmed = [
        monitor.step(t, n[t], errors[t], errors[t]).alarmed.any() for t in range(reference, len(n))
    ]
    assert monitor.calibration.known.all()
    return any(alarmed)


def dealt(rng, mask, windows):
    """Return a random window for each row of the mask: the data have years and no days."""
    return rng.permutation(int(mask.sum())) * windows // int(mask.sum())


@pytest.mark.parametrize("days", [30, 120])
def test_pseudo_days_raise_no_performance_alarm_in_any_slice(survey, days):
    year, loss, members = survey
    rng = np.random.default_rng(days)
    window = np.zeros(len(year), np.int64)
    for i, each in enumerate(np.unique(year)):
        window[year == each] = i * days + dealt(rng, year == each, days)
    assert len(members) > 100
    assert not any_alarm(*counts(window, loss, members), days)


def test_whole_years_raise_no_performance_alarm_in_any_slice(survey):
    year, loss, members = survey
    parts = 8
    window = year - 2016 + parts
    window[year == 2015] = dealt(np.random.default_rng(0), year == 2015, parts)
    assert not any_alarm(*counts(window, loss, members), parts)


def test_the_same_data_do_raise_one_when_a_slice_fails(survey):
    year, loss, members = survey
    rng = np.random.default_rng(1)
    days = 30
    window = np.zeros(len(year), np.int64)
    for i, each in enumerate(np.unique(year)):
        window[year == each] = i * days + dealt(rng, year == each, days)
    failing = loss.copy()
    hit = members[5] & (year >= 2017) & (rng.random(len(year)) < 0.3)
    failing[hit] = 1.0
    assert any_alarm(*counts(window, failing, members), days)
