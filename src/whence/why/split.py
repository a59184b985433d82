"""Windows as the unit of sampling: blocks for intervals, halves to find and to estimate on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Split", "split"]

MIN_WINDOWS = 6
"""With fewer windows a half has at most two, and no interval can be made of two."""

_PSEUDO = 20
"""Blocks of rows drawn at random where there are too few windows."""


@dataclass(frozen=True, slots=True)
class Split:
    """The blocks of n rows, and the half they are in.

    `block` is in [0, blocks); `half` is 0 for rows to find (and fit) on, 1 for rows to estimate
    on. `by_window` is False where the blocks are random rows, so that intervals know nothing of
    the variation from window to window.
    """

    block: NDArray[np.intp]
    half: NDArray[np.int8]
    blocks: int
    by_window: bool


def split(window: NDArray[np.int32], seed: int) -> Split:
    """Part rows by their window: alternate windows go to alternate halves.

    With fewer than `MIN_WINDOWS` windows the rows are parted at random instead.
    """
    distinct, rank = np.unique(window, return_inverse=True)
    by_window = len(distinct) >= MIN_WINDOWS
    blocks = len(distinct)
    if not by_window:
        blocks = min(_PSEUDO, max(len(window), 1))
        rank = np.random.default_rng(seed).permutation(len(window)) % blocks
    block = rank.astype(np.intp)
    return Split(block, (block % 2).astype(np.int8), blocks, by_window)
