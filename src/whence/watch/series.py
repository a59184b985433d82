"""The judged windows of one stream, beside what a healthy one looks like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Series"]


@dataclass(frozen=True, slots=True)
class Series:
    """T judged windows with rows, in order of time.

    Attributes
    ----------
    window
        int64 (T,): ordinals, increasing.
    mean
        (T,): mean loss per row, the usual effect of the weekday taken off.
    variance
        (T,): the variance of such a mean while all is well.
    reference_mean, reference_variance
        The reference's mean loss, and the variance of that mean.
    null
        The largest mean that counts as healthy.
    binary
        Losses are 0 or 1.
    """

    window: NDArray[np.int64]
    mean: Floats
    variance: Floats
    reference_mean: float
    reference_variance: float
    null: float
    binary: bool = False

    def __len__(self) -> int:
        return len(self.window)

    def part(self, start: int, stop: int) -> Series:
        """Return the windows at positions ``start`` up to and without ``stop``."""
        return replace(
            self,
            window=self.window[start:stop],
            mean=self.mean[start:stop],
            variance=self.variance[start:stop],
        )

    def variance_growth(self, mean: float) -> float:
        """Return by what factor, at least 1, the variance at `mean` exceeds the healthy one."""
        healthy = self.null * (1.0 - self.null)
        if not self.binary or healthy <= 0.0:
            return 1.0
        return max(1.0, mean * (1.0 - mean) / healthy)
