"""What a detector is given, checked: rows, losses and weights that make sense together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.watch.variation import Kind

    Floats = NDArray[np.float64]

__all__ = ["check_counts", "check_weights"]


def check_weights(weights: Floats, streams: int) -> None:
    """Raise BadInput unless there is a weight above 0 for each stream, summing to at most 1."""
    if weights.shape != (streams,) or not (weights > 0).all() or weights.sum() > 1.0 + 1e-9:
        raise BadInput(
            f"the weights of {streams} streams have shape {weights.shape} and sum to "
            f"{weights.sum():g}; give one above 0 per stream, summing to at most 1"
        )


def check_counts(n: Floats, loss: Floats, loss_sq: Floats, kind: Kind) -> None:
    """Raise BadInput unless rows, loss and squared loss fit together; all of one shape."""
    if not (n.shape == loss.shape == loss_sq.shape):
        raise BadInput(
            f"rows, loss and squared loss have shapes {n.shape}, {loss.shape}, {loss_sq.shape}; "
            "give one of each per stream"
        )
    if not (np.isfinite(loss).all() and (n >= 0).all()):
        raise BadInput("a window has a negative number of rows or a loss that is not finite")
    if kind == "binary" and ((loss < 0) | (loss > n)).any():
        raise BadInput(
            "a window has fewer than 0 or more errors than rows; "
            'give kind="mean" for losses that are not 0 or 1'
        )
