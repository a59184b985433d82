"""A table of a thousand columns: the ones that matter are kept, and the verdict is the same."""

from dataclasses import replace

import numpy as np

from whence.types.rows import Column
from whence.why import diagnose
from whence.why.narrow import MOST_COLUMNS, telling

WIDE = 1000


def widened(rows, seed):
    rng = np.random.default_rng(seed)
    noise = tuple(
        Column(f"noise{number}", "number", rng.normal(0, 1, len(rows)))
        for number in range(WIDE - len(rows.columns))
    )
    return replace(rows, columns=(*noise, *rows.columns))


def test_a_slice_is_found_among_a_thousand_columns(simulated):
    case = simulated("change-within-a-slice", 1)
    report = diagnose("m", widened(case.before, 0), widened(case.after, 1))
    narrow = diagnose("m", case.before, case.after)
    assert report.verdict.cause == "change-within-a-slice"
    assert report.verdict.where == narrow.verdict.where
    assert any("columns did that told little" in line for line in report.cannot_know)


def test_few_columns_are_all_kept(simulated):
    case = simulated("concept-shift", 1)
    names = [column.name for column in case.before.columns]
    assert telling(case.before, case.after) == names
    before, after = widened(case.before, 0), widened(case.after, 1)
    kept = telling(before, after)
    assert len(kept) <= MOST_COLUMNS
    assert {"income", "region"} <= set(kept)
