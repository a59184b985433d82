"""A named cause stands until another is clearly better."""

import numpy as np
import pytest

from whence.causes.catalogue import CATALOGUE
from whence.why.contest import CLEARLY
from whence.why.examination import examine


@pytest.fixture(scope="module")
def close_call(simulated):
    """Return a concept shift, and the causes that are admissible beside it."""
    case = simulated("concept-shift", 1)
    return case, examine(case.before, case.after)


def test_a_standing_cause_stays_where_another_is_not_clearly_better(close_call):
    case, first = close_call
    ranking = first.tested.ranking
    evidence = first.tested.evidence
    stayed = left = 0
    for outcome, gain in zip(ranking.outcomes, ranking.gains, strict=True):
        if gain is None or gain.low <= 0 or outcome.ruled_out_by is not None:
            continue
        more = evidence.gain_of(ranking.primary.fitted) - evidence.gain_of(outcome.fitted)
        days = np.array([more[evidence.block == b].sum() for b in np.unique(evidence.block)])
        ahead = days.sum() / max(np.sqrt(len(days)) * days.std(), 1e-12)
        again = examine(case.before, case.after, standing=outcome.cause).tested.ranking.primary
        if outcome.cause == ranking.primary.cause or ahead < CLEARLY * 0.8:
            assert again.cause == outcome.cause
            stayed += 1
        elif ahead > CLEARLY * 1.2:
            assert again.cause == ranking.primary.cause
            left += 1
    assert stayed
    assert left


def test_a_standing_cause_that_nothing_speaks_for_falls(close_call):
    case, first = close_call
    for cause in CATALOGUE:
        outcome = first.tested.ranking.outcome_of(cause.NAME)
        if outcome.ruled_out_by is not None:
            again = examine(case.before, case.after, standing=cause.NAME)
            assert again.cause == first.cause
            break
    else:
        pytest.fail("no cause was ruled out")
