"""Faults put into real rows (scikit-learn's bundled data): each kind is named, alone and in pairs.

The benchmark's own faults and worlds, with seeds of their own; its rates stand in docs.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = str(Path(__file__).parents[2] / "bench" / "incidents")
SEED = 77_000
LARGE = 2


@pytest.fixture(scope="module")
def bench():
    """Return the modules of the benchmark that put faults into real rows."""
    sys.path.insert(0, BENCH)
    import arrange  # noqa: PLC0415 - the benchmark is a folder of scripts
    import trials  # noqa: PLC0415

    yield trials, arrange
    sys.path.remove(BENCH)


KINDS = (
    "pipeline-break",
    "unseen-value-or-range",
    "version-change",
    "label-delay",
    "label-quality",
    "change-within-a-slice",
    "concept-shift",
    "mix-shift",
    "data-collection-change",
    "seasonality",
    "none",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_in_real_rows_is_named(bench, kind):
    trials, _ = bench
    # Without three of its thirty inputs, breast-cancer's model is as good as before.
    world = "wine" if kind == "version-change" else "breast-cancer"
    trial = trials.run((world, (kind,), LARGE, SEED))
    assert trial.hit, trial.line()
    assert np.isnan(trial.jaccard) or trial.jaccard >= 0.8
    assert trial.trigger in {trial.planted, None}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("breast-cancer", ("unseen-value-or-range", "label-quality")),
        ("simulated-binary", ("pipeline-break", "mix-shift")),
    ],
)
def test_two_faults_at_once_are_both_named_with_their_shares(bench, name, kinds):
    trials, _ = bench
    world, case, _ = trials.draw(name, kinds, LARGE, SEED + 1)
    verdict = trials.ask(world, case).verdict
    assert {one.cause for one in verdict.causes} == set(kinds)
    assert verdict.causes[0].cause == verdict.cause
    shares = [one.share for one in verdict.causes]
    assert all(share > 0.15 for share in shares)
    assert sum(shares) <= 1.0 + 1e-9
    assert verdict.sentence.count("carr") == 2


def test_a_quiet_year_before_is_no_season(bench):
    trials, _ = bench
    world, case, _ = trials.draw("breast-cancer", ("concept-shift",), LARGE, SEED)
    case.season = (case.before, case.before)
    report = trials.ask(world, case)
    season = next(one for one in report.checked if one.cause == "seasonality")
    assert report.verdict.cause == "concept-shift"
    assert "a year before" in season.ruled_out_by


@pytest.mark.parametrize("kind", ["change-within-a-slice", "label-quality", "mix-shift"])
def test_one_more_day_gives_the_same_verdict(bench, kind):
    trials, arrange = bench
    world, case, _ = trials.draw("breast-cancer", (kind,), LARGE, SEED + 2)
    whole = case.after
    for days in (arrange.AFTER_DAYS - 1, arrange.AFTER_DAYS):
        case.after = whole.take(whole.window < arrange.BEFORE_DAYS + days)
        assert trials.ask(world, case).verdict.cause == kind


def test_the_same_data_give_the_same_verdict(bench):
    trials, _ = bench
    world, case, _ = trials.draw("breast-cancer", ("label-quality",), LARGE, SEED + 2)
    assert trials.ask(world, case) == trials.ask(world, case)
