"""The drop as points that add up: MIX, slices, everywhere, and what the changed weights leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.membership import members
from whence.why.bootstrap import block_sums, interval, redraw
from whence.why.coding import code
from whence.why.contrast import PRIOR_ROWS
from whence.why.expected import expect
from whence.why.slices import Found, proxies_of, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from whence.types.rows import Rows
    from whence.types.slice import Slice
    from whence.why.expected import Expected
    from whence.why.split import Split

__all__ = ["Entry", "Ledger", "draw_up"]

Pair = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""One quantity per row, before and after."""

_N, _LOSS, _EXPECTED, _REST, _REST_E = range(5)
_FIXED = 5
_MIX, _EVERYWHERE = 1, 2
_PER_SLICE = 3
_TRIVIAL = 0.1
"""A slice whose points are below this share of delta matters to nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of the drop: points (metric's unit) and its bootstrap draws."""

    points: float
    draws: NDArray[np.float64]
    blocks: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the points."""
        return interval(self.points, self.draws, self.blocks)

    @property
    def real(self) -> bool:
        """Whether the interval excludes 0."""
        low, high = self.interval
        return low > 0 or high < 0

    def plus(self, other: Entry) -> Entry:
        """Return the sum of two parts of one ledger."""
        return Entry(
            self.points + other.points, self.draws + other.draws, min(self.blocks, other.blocks)
        )

    def scaled(self, part: float) -> Entry:
        """Return a part of this one."""
        return Entry(part * self.points, part * self.draws, self.blocks)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The drop `drop` = `mix` + sum of `slices` + `everywhere` + `closure`.

    `found` are the slices, in the order of `slices`; `rows` their masks (n_after,), each row in
    at most one; `by_column` is what each column's changed distribution adds to the mix.
    """

    drop: Entry
    mix: Entry
    slices: list[Entry]
    found: list[Found]
    rows: list[NDArray[np.bool_]]
    everywhere: Entry
    closure: float
    by_column: dict[str, float]


def draw_up(
    rows: tuple[Rows, Rows],
    parts: tuple[Split, Split],
    *,
    mended: Rows | None = None,
    named: Sequence[Slice] = (),
    delta: float = 0.01,
    seed: int = 0,
) -> Ledger:
    """Split the drop between labelled rows before and after into points.

    Pairs are (before, after). e = L - m0(x) is the excess over the additive expected loss.
    Slices are found on one half of the windows; a slice's points are its present weight times
    (its change of e on the other half, less that of rows in no slice). `mended` are the failing
    rows as they would be without a pipeline break: m0 is then taken of them. `named` are slices
    that causes have established by other means; they are entered without a search.
    """
    before, after = rows
    columns = code(before, after)
    of = code(before, mended) if mended is not None else columns
    expected = expect(of, before.loss, parts[0].half, len(after), seed)
    e = (before.loss - expected.before, after.loss - expected.after)
    given = [_named(after, where) for where in named]
    masks = [_partition(period, given) for period in rows]
    finding = tuple(
        np.logical_and.reduce([part.half == 0, *(~mask for mask in inside)])
        for part, inside in zip(parts, masks, strict=True)
    )
    found = [*given, *search(rows, columns, e, finding, seed)]
    while True:
        ledger = _add_up(rows, parts, expected, found, seed)
        kept = [
            one
            for one, entry in zip(found, ledger.slices, strict=True)
            if one in given or _confirmed(one, entry, delta)
        ]
        if len(kept) == len(found):
            return ledger
        found = kept


def _named(after: Rows, where: Slice) -> Found:
    every = np.ones(len(after), bool)
    return Found(where, proxies_of(after, where, members(after, where), every), np.inf)


def _confirmed(found: Found, entry: Entry, delta: float) -> bool:
    """Whether the other half of the windows says the same, and enough to matter."""
    alike = entry.points * found.z > 0
    return entry.real and alike and abs(entry.points) > _TRIVIAL * delta


def _add_up(
    rows: tuple[Rows, Rows],
    parts: tuple[Split, Split],
    expected: Expected,
    found: Sequence[Found],
    seed: int,
) -> Ledger:
    before, after = rows
    inside = (_partition(before, found), _partition(after, found))
    m0 = (expected.before, expected.after)
    sums = [
        block_sums(_stack(period.loss, m0[at], inside[at], parts[at].half), parts[at])
        for at, period in enumerate(rows)
    ]
    rng = np.random.default_rng(seed)
    point = _quantities(sums[0].sum(axis=0), sums[1].sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = _quantities(redraw(sums[0], rng), redraw(sums[1], rng))
    # What m0 does not know of the moved bins it takes from one part and gives to the other.
    unknown = rng.normal(0.0, expected.error, len(draws))
    draws[:, _MIX] += unknown
    draws[:, _EVERYWHERE] -= unknown
    blocks = min(parts[0].blocks, parts[1].blocks)
    entries = [
        Entry(float(value), drawn, blocks) for value, drawn in zip(point, draws.T, strict=True)
    ]
    drop, mix, everywhere, *slices = entries
    # Summed in the order of a report's findings, so that the parts add up to the last bit.
    closure = drop.points - (mix.points + sum(one.points for one in slices) + everywhere.points)
    return Ledger(
        drop, mix, slices, list(found), inside[1], everywhere, closure, expected.by_column
    )


def _partition(rows: Rows, found: Sequence[Found]) -> list[NDArray[np.bool_]]:
    free = np.ones(len(rows), bool)
    masks = []
    for one in found:
        mask = members(rows, one.where) & free
        free &= ~mask
        masks.append(mask)
    return masks


def _stack(
    loss: NDArray[np.float64],
    m0: NDArray[np.float64],
    inside: list[NDArray[np.bool_]],
    half: NDArray[np.int8],
) -> NDArray[np.float64]:
    """Return per row: 1, loss, m0, outside, its e; per slice inside, estimating, their e."""
    e = loss - m0
    outside = np.ones(len(loss))
    for mask in inside:
        outside[mask] = 0
    columns = [np.ones(len(loss)), loss, m0, outside, outside * e]
    for mask in inside:
        estimating = mask & (half == 1)
        columns += [mask.astype(np.float64), estimating.astype(np.float64), estimating * e]
    return np.stack(columns).T


def _quantities(b: NDArray[np.float64], a: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., 3 + slices): drop, mix, everywhere, then each slice's points."""
    rows_b, rows_a = np.maximum(b[..., _N], 1), np.maximum(a[..., _N], 1)
    drop = a[..., _LOSS] / rows_a - b[..., _LOSS] / rows_b
    mix = a[..., _EXPECTED] / rows_a - b[..., _EXPECTED] / rows_b
    rest_a, rest_b = a[..., _REST], b[..., _REST]
    rest = a[..., _REST_E] / np.maximum(rest_a, 1) - b[..., _REST_E] / np.maximum(rest_b, 1)
    everywhere = np.where((rest_a > 0) & (rest_b > 0), rest, 0.0)
    values = [drop, mix, everywhere]
    for start in range(_FIXED, a.shape[-1], _PER_SLICE):
        weight = a[..., start] / rows_a
        now = a[..., start + 2] / np.maximum(a[..., start + 1], 1)
        was = b[..., start + 2] / (b[..., start + 1] + PRIOR_ROWS)
        values.append(weight * (now - was - everywhere))
    return np.stack(values, axis=-1)
