"""The layers of a small convolutional network in numpy: forward, and backward by the chain rule.

Images are float32 (n, height, width, channels). A layer keeps from its last `forward` what it
needs to answer the loss's gradient by its output: `learn` gives the gradients by its parameters,
`backward` the gradient by its input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["AdaptiveAverage", "Convolution", "Dense", "Layer", "MaxPool", "Rectifier"]

_SIDE = 3  # of a convolution's window
_HALVES = (slice(None, None, 2), slice(1, None, 2))


class Layer(Protocol):
    """One step of a network."""

    parameters: list[Floats]

    def forward(self, x: Floats) -> Floats:
        """Return the layer's output."""
        ...

    def learn(self, gradient: Floats) -> list[Floats]:
        """Return the gradient by each parameter."""
        ...

    def backward(self, gradient: Floats) -> Floats:
        """Return the gradient by the input."""
        ...


class _Fixed:
    """A layer without parameters."""

    def __init__(self) -> None:
        self.parameters: list[Floats] = []

    def learn(self, gradient: Floats) -> list[Floats]:  # noqa: ARG002 - the protocol's argument
        """Return nothing: there is nothing to learn."""
        return []


class Convolution:
    """3 x 3 windows, zero-padded so that the size stays (im2col: Chellapilla et al. 2006).

    Weights are (9 * channels_in, channels_out), rows in the order row, column, channel, drawn
    as He et al. 2015 (ICCV) recommend for rectifiers.
    """

    def __init__(self, channels_in: int, channels_out: int, rng: Generator) -> None:
        fan_in = _SIDE * _SIDE * channels_in
        self.weights = _he(rng, fan_in, channels_out)
        self.bias = np.zeros(channels_out, np.float32)
        self.parameters = [self.weights, self.bias]
        self._windows = np.empty((0, fan_in), np.float32)

    def forward(self, x: Floats) -> Floats:
        """Return (n, height, width, channels_out)."""
        self._windows = _windows(x)
        return (self._windows @ self.weights + self.bias).reshape(*x.shape[:3], -1)

    def learn(self, gradient: Floats) -> list[Floats]:
        """Return the gradients by weights and bias."""
        flat = gradient.reshape(-1, gradient.shape[-1])
        return [self._windows.T @ flat, flat.sum(0)]

    def backward(self, gradient: Floats) -> Floats:
        """Return the gradient convolved with the weights turned by 180 degrees."""
        turned = self.weights.reshape(_SIDE * _SIDE, -1, gradient.shape[-1])[::-1]
        weights = turned.transpose(0, 2, 1).reshape(-1, turned.shape[1])
        return (_windows(gradient) @ weights).reshape(*gradient.shape[:3], -1)


class MaxPool(_Fixed):
    """The largest of each 2 x 2 square; an odd last row or column is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._x = self._largest = np.empty((0, 0, 0, 0), np.float32)

    def forward(self, x: Floats) -> Floats:
        """Return (n, height // 2, width // 2, channels)."""
        self._x = x
        one, two, three, four = _corners(x)
        self._largest = np.maximum(np.maximum(one, two), np.maximum(three, four))
        return self._largest

    def backward(self, gradient: Floats) -> Floats:
        """Give each gradient to the pixel that was the largest, the first one of equals."""
        back = np.zeros_like(self._x)
        left = gradient
        for value, place in zip(_corners(self._x), _corners(back), strict=True):
            place[...] = left * (value == self._largest)
            left = left - place
        return back


class Rectifier(_Fixed):
    """max(0, x)."""

    def __init__(self) -> None:
        super().__init__()
        self._positive = np.empty(0, np.bool_)

    def forward(self, x: Floats) -> Floats:
        """Return x where it is positive, else 0."""
        self._positive = x > 0
        return x * self._positive

    def backward(self, gradient: Floats) -> Floats:
        """Pass the gradient where x was positive."""
        return gradient * self._positive


class AdaptiveAverage(_Fixed):
    """Averages over a grid x grid raster laid on an image of any size.

    Cell i of H pixels covers ``floor(i H / grid)`` to ``ceil((i + 1) H / grid)``, as in
    ``torch.nn.AdaptiveAvgPool2d``: this layer is why a network takes photos of any size.
    """

    def __init__(self, grid: int) -> None:
        self.grid = grid
        super().__init__()
        self._rows = self._columns = np.empty((0, 0), np.float32)

    def forward(self, x: Floats) -> Floats:
        """Return (n, grid, grid, channels)."""
        n, height, width, channels = x.shape
        self._rows, self._columns = self._averaging(height), self._averaging(width)
        rows = (self._rows @ x.reshape(n, height, -1)).reshape(n, self.grid, width, channels)
        return self._columns @ rows

    def backward(self, gradient: Floats) -> Floats:
        """Spread each cell's gradient evenly over its pixels."""
        columns = self._columns.T @ gradient
        n, grid, width, channels = columns.shape
        back = self._rows.T @ columns.reshape(n, grid, -1)
        return back.reshape(n, -1, width, channels)

    def _averaging(self, pixels: int) -> Floats:
        """Return the matrix (grid, pixels) that averages one side."""
        matrix = np.zeros((self.grid, pixels), np.float32)
        for cell in range(self.grid):
            first, end = cell * pixels // self.grid, -(-(cell + 1) * pixels // self.grid)
            matrix[cell, first:end] = 1 / (end - first)
        return matrix


class Dense:
    """A weighted sum of everything: (n, ...) to (n, outputs)."""

    def __init__(self, inputs: int, outputs: int, rng: Generator) -> None:
        self.weights = _he(rng, inputs, outputs)
        self.bias = np.zeros(outputs, np.float32)
        self.parameters = [self.weights, self.bias]
        self._x = np.empty((0, inputs), np.float32)
        self._shape: tuple[int, ...] = ()

    def forward(self, x: Floats) -> Floats:
        """Return (n, outputs)."""
        self._shape = x.shape
        self._x = x.reshape(len(x), -1)
        return self._x @ self.weights + self.bias

    def learn(self, gradient: Floats) -> list[Floats]:
        """Return the gradients by weights and bias."""
        return [self._x.T @ gradient, gradient.sum(0)]

    def backward(self, gradient: Floats) -> Floats:
        """Return the gradient in the input's shape."""
        back: Floats = (gradient @ self.weights.T).reshape(self._shape)
        return back


def _windows(x: Floats) -> Floats:
    """Return each pixel's 3 x 3 surroundings as a row: (n * height * width, 9 * channels)."""
    n, height, width, channels = x.shape
    padded = np.zeros((n, height + 2, width + 2, channels), np.float32)
    padded[:, 1:-1, 1:-1] = x
    # Three neighbours in a row lie side by side in memory, so they are copied as one piece.
    lines = padded.reshape(n, height + 2, -1)
    pieces = sliding_window_view(lines, _SIDE * channels, axis=2)[:, :, ::channels]
    found = np.empty((n, height, width, _SIDE, _SIDE * channels), np.float32)
    for row in range(_SIDE):
        found[:, :, :, row] = pieces[:, row : row + height]
    return found.reshape(n * height * width, -1)


def _corners(x: Floats) -> list[Floats]:
    """Return views of the four corners of all 2 x 2 squares of images."""
    even: Floats = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    return [even[:, rows, columns] for rows in _HALVES for columns in _HALVES]


def _he(rng: Generator, fan_in: int, fan_out: int) -> Floats:
    drawn = rng.standard_normal((fan_in, fan_out), np.float32)
    return drawn * np.float32(np.sqrt(2 / fan_in))
