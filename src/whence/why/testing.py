"""The rows the causes are tested on, and the causes' ranking on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.catalogue import CATALOGUE
from whence.causes.evidence import Evidence, Outcome, Suspect
from whence.causes.target import Target
from whence.why.contest import Ranking
from whence.why.ranking import rank

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows
    from whence.why.ledger import Ledger
    from whence.why.split import Split

__all__ = ["Tested", "rank_causes"]

_MOST_ROWS = 40_000
"""Rows of a period the causes are fitted and scored on: a gain of .002 nats then shows."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The ranking, what it was made on, and which of the ledger's failing rows that were.

    `evidence` is None where there is nothing to predict (a single class).
    """

    ranking: Ranking
    evidence: Evidence | None
    chosen: NDArray[np.intp]


def rank_causes(
    rows: tuple[Rows, Rows],
    parts: tuple[Split, Split],
    ledger: Ledger,
    seed: int,
    *,
    everything: tuple[Rows, Rows] | None = None,
    season: tuple[Rows, Rows] | None = None,
    standing: str | None = None,
) -> Tested:
    """Fit the baseline on the reference and rank every cause on the failing rows.

    `everything` are the two periods with their rows without a label; `season` the labelled rows
    of a year before, where there are any; `standing` the cause that the last verdict named.
    """
    rng = np.random.default_rng(seed)
    kept, chosen = (_sample(len(period), rng) for period in rows)
    before, after = rows[0].take(kept), rows[1].take(chosen)
    if not _predictable(before):
        reason = "all reference labels are of one class: there is no relation that could change"
        outcomes = [Outcome(cause.NAME, ruled_out_by=reason) for cause in CATALOGUE]
        return Tested(Ranking(outcomes, [None] * len(outcomes), None, np.inf), None, chosen)
    suspects = [
        Suspect(found.where, mask[chosen])
        for found, mask, entry in zip(ledger.found, ledger.rows, ledger.slices, strict=True)
        if entry.points > 0
    ]
    evidence = Evidence.gather(
        before,
        after,
        half=parts[0].half[kept] == 0,
        fold=parts[1].half[chosen],
        block=parts[1].block[chosen],
        suspects=suspects,
        everything=everything or rows,
        season=season,
        seed=seed,
    )
    return Tested(rank(evidence, standing), evidence, chosen)


def _predictable(before: Rows) -> bool:
    target = Target.of(before)
    return target.size > 1 and len(np.unique(target.code(before))) > 1


def _sample(rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    if rows <= _MOST_ROWS:
        return np.arange(rows)
    return np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
