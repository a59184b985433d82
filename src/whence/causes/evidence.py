"""What every cause is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from whence.causes.baseline import fit_baseline
from whence.causes.gain import mean_gain
from whence.causes.support import rows_outside
from whence.causes.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from whence.causes.baseline import Baseline
    from whence.causes.gain import Gain
    from whence.types.rows import Rows
    from whence.types.slice import Slice

__all__ = ["Evidence", "Outcome", "Suspect"]

_APART = 2
"""A fold that no cause fits on; each fits on folds 0 and 1 and scores what is in another."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A slice that the ledger found worse, with its mask (n,) over the failing rows."""

    where: Slice
    rows: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Labelled rows of both periods, the baseline scored on the failing ones, and the suspects.

    `half` (n_before,) marks the reference rows the baseline was fitted on; `fold` (n_after,)
    and `block` (n_after,) part the failing rows into halves to fit and score on, and into the
    blocks that count as independent. `log_q` is (n_after, classes). `everything` are both
    periods with the rows that have no label; `season` the labelled rows a year before the
    healthy and the failing ones, where they are known.
    """

    before: Rows
    after: Rows
    half: NDArray[np.bool_]
    fold: NDArray[np.int8]
    block: NDArray[np.intp]
    target: Target
    baseline: Baseline
    y: NDArray[np.intp]
    log_q: NDArray[np.float64]
    suspects: Sequence[Suspect]
    everything: tuple[Rows, Rows]
    season: tuple[Rows, Rows] | None = None
    seed: int = 0
    _models: dict[str | None, Baseline] = field(default_factory=dict)

    @classmethod
    def gather(  # noqa: PLR0913 -- the two periods, how they are parted, and what else is known
        cls,
        before: Rows,
        after: Rows,
        *,
        half: NDArray[np.bool_],
        fold: NDArray[np.int8],
        block: NDArray[np.intp],
        suspects: Sequence[Suspect],
        everything: tuple[Rows, Rows] | None = None,
        season: tuple[Rows, Rows] | None = None,
        seed: int = 0,
    ) -> Evidence:
        """Fit the baseline on labelled reference rows and score the failing rows with it."""
        target = Target.of(before)
        baseline = fit_baseline(before, half, target, own=True, seed=seed)
        return cls(
            before,
            after,
            half,
            fold,
            block,
            target,
            baseline,
            target.code(after),
            baseline.log_q(after),
            suspects,
            everything or (before, after),
            season,
            seed,
        )

    def inputs_only(self, without: str | None = None) -> Baseline:
        """Return the healthy relation without the served model's answer, fitted once.

        `without` names an input to leave out too.
        """
        if without not in self._models:
            self._models[without] = fit_baseline(
                self.before, self.half, self.target, own=False, without=without, seed=self.seed
            )
        return self._models[without]

    def outside(self) -> dict[str, NDArray[np.bool_]]:
        """Return, by column, the failing rows outside the reference's support (`support`)."""
        return rows_outside(self.before, self.after)

    def only(self, rows: NDArray[np.bool_]) -> Self:
        """Return the evidence on some of the failing rows (mask (n_after,))."""
        return replace(
            self,
            after=self.after.take(rows),
            fold=self.fold[rows],
            block=np.unique(self.block[rows], return_inverse=True)[1].astype(np.intp),
            y=self.y[rows],
            log_q=self.log_q[rows],
            suspects=[Suspect(one.where, one.rows[rows]) for one in self.suspects],
        )

    def apart(self, rows: NDArray[np.bool_]) -> Self:
        """Return the evidence with some of the failing rows scored but never fitted on.

        They are put into a fold of their own, the third.
        """
        return replace(self, fold=np.where(rows, _APART, self.fold).astype(np.int8))

    def gain_of(self, fitted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gain in log score (n_after,) of changed log-probabilities over q0, nats."""
        row = np.arange(len(self.y))
        return np.asarray(fitted[row, self.y] - self.log_q[row, self.y])

    def weigh(self, fitted: NDArray[np.float64]) -> Gain:
        """Return the mean gain of changed log-probabilities, with its interval."""
        return mean_gain(self.gain_of(fitted), self.block)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What testing one cause gave.

    Attributes
    ----------
    fitted
        (n_after, classes): the cause's log-probabilities on rows it was not fitted on; None
        where it cannot be tested.
    ruled_out_by
        Why it is not the cause for another reason than its gain; None where nothing speaks
        against it.
    rows
        (n_after,): the rows it acts on.
    everywhere
        True where it acts on all rows alike, so that it covers the ledger's everywhere part.
    points
        The part of the drop that the cause's own model implies, where it has one.
    moves_mix
        Whether it also says why other rows come, so that the changed mix is its doing.
    repair
        For a pipeline break: the rows as they would have been.
    """

    cause: str
    fitted: NDArray[np.float64] | None = None
    ruled_out_by: str | None = None
    rows: NDArray[np.bool_] | None = None
    where: Slice = field(default_factory=dict)
    everywhere: bool = False
    story: str = ""
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    points: float | None = None
    moves_mix: bool = False
    repair: Callable[[Rows], Rows] | None = None
