"""A small convolutional classifier that takes photos of any size, trained by Adam, in numpy.

In numpy because the demo must run on a stranger's machine at once, and a deep-learning package
brings gigabytes; the tests check it against one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.demo.layers import AdaptiveAverage, Convolution, Dense, Layer, MaxPool, Rectifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Grey = NDArray[np.uint8]

__all__ = ["DEEP", "RASTERS", "Architecture", "Network", "small"]

_BATCH = 32
_RATE, _DECAY_1, _DECAY_2, _EPSILON = 2e-3, 0.9, 0.999, 1e-8
_MOST_BATCH_PIXELS = 256 * 56 * 56  # keeps the windows of a prediction below 500 MB


@dataclass(frozen=True, slots=True)
class Architecture:
    """How a network is built.

    Attributes
    ----------
    channels
        Of each 3 x 3 convolution, in order; each is followed by a rectifier.
    pools
        How many of them, from the first, also halve the size.
    grid
        The raster that the last one's output is averaged to before the one dense layer.
    """

    channels: tuple[int, ...]
    pools: int
    grid: int


RASTERS = (3, 5, 7)
"""What a small network's raster may be; on photos of 28 pixels the one of 7 changes nothing."""


def small(raster: int) -> Architecture:
    """Return the small network, two convolutions, with that raster."""
    return Architecture((8, 16), pools=2, grid=raster)


DEEP = Architecture((8, 16, 32, 32), pools=3, grid=3)
"""Two more convolutions."""


class Network:
    """A classifier of grey images; `loss` is that of the batch whose gradients were last taken.

    Parameters
    ----------
    architecture
        How it is built.
    classes
        How many there are.
    seed
        Of the first weights and of the order of training.
    """

    def __init__(self, architecture: Architecture, classes: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.loss = np.nan
        self.layers: list[Layer] = []
        before = 1
        for number, channels in enumerate(architecture.channels):
            self.layers.append(Convolution(before, channels, self._rng))
            if number < architecture.pools:
                self.layers.append(MaxPool())
            self.layers.append(Rectifier())
            before = channels
        self.layers.append(AdaptiveAverage(architecture.grid))
        self.layers.append(Dense(before * architecture.grid**2, classes, self._rng))

    def fit(
        self,
        photos: Sequence[Grey],
        labels: NDArray[np.intp],
        passes: int,
        progress: Callable[[float], None] | None = None,
        heard: Callable[[float], None] | None = None,
    ) -> Network:
        """Train on all photos some times over; return self.

        Adam on cross-entropy, 32 photos a batch, all of one size.

        Parameters
        ----------
        photos
            Grey images (height, width), of any sizes.
        labels
            (n,) class numbers.
        passes
            Times that each photo is learned from.
        progress
            Called with the share done, 0 to 1.
        heard
            Called with the mean cross-entropy of each batch before it was learned from, in nats.
        """
        adam = _Adam([p for layer in self.layers for p in layer.parameters])
        for done in range(passes):
            batches = self._batches(photos)
            for number, chosen in enumerate(batches, start=1):
                adam.step(self.gradients([photos[i] for i in chosen], labels[chosen]))
                if heard is not None:
                    heard(self.loss)
                if progress is not None:
                    progress((done + number / len(batches)) / passes)
        return self

    def gradients(self, photos: Sequence[Grey], labels: NDArray[np.intp]) -> list[Floats]:
        """Return the gradient of the mean cross-entropy of photos of one size by each parameter."""
        back = _softmax(self._forward(_stack(photos)))
        self.loss = float(-np.log(back[np.arange(len(labels)), labels]).mean())
        back[np.arange(len(labels)), labels] -= 1
        back /= len(labels)
        found: list[list[Floats]] = []
        for layer in reversed(self.layers):
            found.append(layer.learn(back))
            if layer is not self.layers[0]:
                back = layer.backward(back)
        return [gradient for gradients in reversed(found) for gradient in gradients]

    def probabilities(self, photos: Sequence[Grey]) -> Floats:
        """Return (n, classes) for grey images of any sizes."""
        groups = list(_by_size(photos).values())
        answers = [np.empty((0, 0), np.float32)] * len(photos)
        for group in groups:
            most = max(1, _MOST_BATCH_PIXELS // photos[group[0]].size)
            for start in range(0, len(group), most):
                part = group[start : start + most]
                found = _softmax(self._forward(_stack([photos[i] for i in part])))
                for row, i in enumerate(part):
                    answers[i] = found[row]
        return np.stack(answers)

    def _forward(self, x: Floats) -> Floats:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def _batches(self, photos: Sequence[Grey]) -> list[NDArray[np.intp]]:
        """Cut all photos into batches of one size each, in random order."""
        batches = []
        for group in _by_size(photos).values():
            order = self._rng.permutation(group)
            batches += [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]
        return [batches[i] for i in self._rng.permutation(len(batches))]


class _Adam:
    """Moves parameters against their gradients (Kingma and Ba 2015, ICLR, algorithm 1)."""

    def __init__(self, parameters: list[Floats]) -> None:
        self._parameters = parameters
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]
        self._steps = 0

    def step(self, gradients: list[Floats]) -> None:
        """Change the parameters in place."""
        self._steps += 1
        rate = _RATE / (1 - _DECAY_1**self._steps)
        unbias = 1 - _DECAY_2**self._steps
        for i, gradient in enumerate(gradients):
            self._first[i] += (1 - _DECAY_1) * (gradient - self._first[i])
            self._second[i] += (1 - _DECAY_2) * (gradient**2 - self._second[i])
            self._parameters[i] -= (
                rate * self._first[i] / (np.sqrt(self._second[i] / unbias) + _EPSILON)
            )


def _by_size(photos: Sequence[Grey]) -> dict[tuple[int, ...], list[int]]:
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, photo in enumerate(photos):
        groups[photo.shape].append(i)
    return groups


def _stack(photos: Sequence[Grey]) -> Floats:
    """Return photos of one size as (n, height, width, 1), 0..255 become -2..2."""
    pixels = np.stack(photos).astype(np.float32)[..., None]
    return pixels * np.float32(4 / 255) - np.float32(2)


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    found: Floats = raised / raised.sum(1, keepdims=True)
    return found
