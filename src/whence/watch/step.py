"""The judgement of one window, for every stream of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """The judgement of one window; every array is (K,).

    Attributes
    ----------
    window
        The window's ordinal.
    statistic, threshold
        Averaged Shiryaev-Roberts statistic, and A / w_k: alarmed where the first reaches the
        second. The statistic is capped a little above the threshold, so that it can come down.
    alarmed
        bool; never true where `calibrated` is false.
    calibrated
        bool: the reference has at least 7 windows with rows of this stream.
    mean
        The window's mean loss, NaN without rows.
    expected, null
        What the reference leads one to expect on this weekday, and the largest mean that
        counts as healthy.
    sd
        The standard deviation of the window mean while all is well.
    """

    window: int
    statistic: Floats
    threshold: Floats
    alarmed: NDArray[np.bool_]
    calibrated: NDArray[np.bool_]
    mean: Floats
    expected: Floats
    null: Floats
    sd: Floats
