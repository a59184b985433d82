"""The slices that got worse (or better) than the rest, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.membership import condition_of, members
from whence.why.coarse import Gram, coarsen, rows_of
from whence.why.contrast import LEAST_Z, Sums, contrast, sums_of
from whence.why.refine import refine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows
    from whence.types.slice import Slice
    from whence.why.coarse import Bin, Pair
    from whence.why.coding import Coded
    from whence.why.refine import Candidate

__all__ = ["Found", "proxies_of", "search"]

_MOST_SLICES = 5
_SCREENED = 100_000
"""Rows of each period to screen all pairs on; see docs/decisions/why-search-on-a-sample.md."""

_MEASURED = 250
"""Sets of columns whose strongest slice on the sample is measured on all rows."""

_REFINED = 8
"""Sets of columns whose edges are refined before one is chosen."""

_SAME = 0.98
"""Two slices are proxies of each other when they share this much of their rows (Jaccard)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A slice, the other slices that hold the same failing rows, and its z where it was found."""

    where: Slice
    proxies: tuple[Slice, ...]
    z: float


def search(
    rows: tuple[Rows, Rows],
    columns: list[Coded],
    e: Pair,
    finding: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    seed: int,
) -> list[Found]:
    """Return up to five slices whose excess loss changed unlike the other rows'.

    Pairs are (before, after). Only `finding` rows are looked at: all slices of one and two
    columns are screened on a sample of them, and the strongest of those are measured on all.
    Each slice's rows are removed before the next is sought, so
    that a row belongs to one.
    """
    if not columns or not all(mask.any() for mask in finding):
        return []
    at = [np.flatnonzero(mask) for mask in finding]
    view = [_only(column, at[0], at[1]) for column in columns]
    excess = (e[0][at[0]], e[1][at[1]])
    screen = _Screen(view, excess, np.random.default_rng(seed))
    left = (np.ones(len(excess[0]), bool), np.ones(len(excess[1]), bool))
    free = np.ones(len(rows[1]), bool)
    found: list[Found] = []
    while len(found) < _MOST_SLICES:
        shown = _shown(view, screen.strongest(), excess, left)
        best = _best(view, shown, excess, left)
        if best is None:
            break
        every = best.rows([column.after for column in columns]) & free
        where = {
            view[number].name: condition_of(rows[1].column(view[number].name), every)
            for number, _, _ in best.ranges
        }
        found.append(Found(where, proxies_of(rows[1], where, every, free), best.z))
        gone = (
            best.rows([column.before for column in view]) & left[0],
            best.rows([column.after for column in view]) & left[1],
        )
        screen.remove(*gone)
        left = (left[0] & ~gone[0], left[1] & ~gone[1])
        free &= ~every
    return found


class _Screen:
    """All slices of one and two columns on coarse bins, on a sample of the rows."""

    def __init__(self, view: list[Coded], e: Pair, rng: np.random.Generator) -> None:
        self._at = (_sample(len(e[0]), rng), _sample(len(e[1]), rng))
        before, after = self._at
        self._gram = Gram(coarsen(view, e, self._at), (e[0][before], e[1][after]))
        # On all rows a slice's z is larger by the root of how many times the rows they are.
        shares = [len(at) / len(one) for at, one in zip(self._at, e, strict=True)]
        self._least = LEAST_Z * float(np.sqrt(min(shares)))

    def strongest(self) -> list[tuple[Bin, ...]]:
        """Return slices that would be shown on all rows if they are what they seem here."""
        return self._gram.strongest(_MEASURED, self._least)

    def remove(self, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> None:
        """Take the rows of these masks (over all rows, not the sample) out."""
        self._gram.remove(before[self._at[0]], after[self._at[1]])


def _shown(
    view: list[Coded],
    screened: list[tuple[Bin, ...]],
    e: Pair,
    left: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> list[tuple[Bin, ...]]:
    """Return the strongest of the screened slices that have |z| >= LEAST_Z on all rows left."""
    if not screened:
        return []
    periods = ([column.before for column in view], [column.after for column in view])
    inside, whole = [], []
    for codes, losses, here in zip(periods, e, left, strict=True):
        masks = [rows_of(chosen, codes) & here for chosen in screened]
        inside.append(Sums.stack([sums_of(losses[mask]) for mask in masks]))
        whole.append(sums_of(losses[here]))
    tested = contrast(*inside, *whole)
    order = np.argsort(-np.abs(tested.strength), kind="stable")
    return [screened[at] for at in order if abs(tested.z[at]) >= LEAST_Z][:_REFINED]


def _best(
    view: list[Coded],
    shown: list[tuple[Bin, ...]],
    e: Pair,
    left: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Candidate | None:
    """Return the strongest slice after refining; among proxies the plainest."""
    # A pair's halves may hold the same rows with fewer conditions.
    halves: list[tuple[Bin, ...]] = [
        (one,) for chosen in shown if len(chosen) > 1 for one in chosen
    ]
    refined = [refine(view, chosen, e, left) for chosen in dict.fromkeys(shown + halves)]
    able = [one for one in refined if one is not None]
    if not able:
        return None
    best = max(able, key=lambda one: one.worth)
    codes = [column.after for column in view]
    rows = best.rows(codes) & left[1]
    return min(
        (one for one in able if _jaccard(one.rows(codes) & left[1], rows) >= _SAME),
        key=lambda one: (len(one.ranges), *_plainness(view, one)),
    )


def _plainness(view: list[Coded], one: Candidate) -> tuple[bool, list[int]]:
    at = [column for column, _, _ in one.ranges]
    return any(view[column].derived for column in at), at


def _jaccard(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else 1.0


def proxies_of(
    rows: Rows, where: Slice, inside: NDArray[np.bool_], left: NDArray[np.bool_]
) -> tuple[Slice, ...]:
    """Return conditions on other single columns that hold the same rows `inside`, of `left`."""
    found: list[Slice] = []
    for column in rows.columns:
        if column.name in where or not inside.any():
            continue
        other: Slice = {column.name: condition_of(column, inside)}
        if _jaccard(members(rows, other) & left, inside) >= _SAME:
            found.append(other)
    return tuple(found)


def _sample(rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    if rows <= _SCREENED:
        return np.arange(rows)
    return np.sort(rng.choice(rows, _SCREENED, replace=False))


def _only(column: Coded, before: NDArray[np.intp], after: NDArray[np.intp]) -> Coded:
    return replace(column, before=column.before[before], after=column.after[after])
