"""Which small network goes into production: the one that does best on people it has not seen."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from whence.demo.network import RASTERS, Architecture, Network, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

__all__ = ["choose"]

_KEPT_APART = 0.25
"""The share of the training people that the choice is made on."""


def choose(
    photos: Sequence[Grey],
    labels: NDArray[np.intp],
    people: NDArray[np.intp],
    passes: int,
    seed: int,
) -> Architecture:
    """Return the small network with the raster that is best on a quarter of the people.

    As it is done before a launch: on photos of the phones there are. How the network takes to
    larger photos is not asked, because nobody knew of them.

    Parameters
    ----------
    photos, labels, people
        The training photos, their class numbers (n,), and whose they are (n,).
    passes
        As for `Network.fit`.
    seed
        Of who is kept apart and of the first weights.
    """
    everyone = np.random.default_rng(seed).permutation(np.unique(people))
    apart = np.isin(people, everyone[: max(1, int(_KEPT_APART * len(everyone)))])
    learned, asked = (np.flatnonzero(mask).tolist() for mask in (~apart, apart))
    classes = int(labels.max()) + 1

    def accuracy(raster: int) -> float:
        network = Network(small(raster), classes, seed)
        network.fit([photos[i] for i in learned], labels[learned], passes)
        answers = network.probabilities([photos[i] for i in asked]).argmax(1)
        return float((answers == labels[asked]).mean())

    # One network a core: threads inside each product would only wait for one another.
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        right = list(pool.map(accuracy, RASTERS))
    return small(RASTERS[int(np.argmax(right))])
