"""What every cause is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.baseline import fit_baseline
from whence.causes.gain import mean_gain
from whence.causes.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from whence.causes.baseline import Baseline
    from whence.causes.gain import Gain
    from whence.types.rows import Rows
    from whence.types.slice import Slice

__all__ = ["Evidence", "Outcome", "Suspect"]


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
    blocks that count as independent. `log_q` is (n_after, classes).
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
    seed: int = 0

    @classmethod
    def gather(
        cls,
        before: Rows,
        after: Rows,
        *,
        half: NDArray[np.bool_],
        fold: NDArray[np.int8],
        block: NDArray[np.intp],
        suspects: Sequence[Suspect],
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
            seed,
        )

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
    repair: Callable[[Rows], Rows] | None = None
