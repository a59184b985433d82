"""The slices that got worse (or better) than the rest, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.membership import condition_of, members
from whence.why.coarse import Gram, coarsen
from whence.why.refine import refine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows
    from whence.types.slice import Slice
    from whence.why.coarse import Bin
    from whence.why.coding import Coded
    from whence.why.refine import Candidate

__all__ = ["Found", "proxies_of", "search"]

_MOST_SLICES = 5
_REFINED = 8
"""Sets of columns whose edges are refined before one is chosen."""

_MOST_ROWS = 100_000
"""Rows of each period to search on: a change of .1 in 1 % of them still has z of about 7."""

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
    e: tuple[NDArray[np.float64], NDArray[np.float64]],
    finding: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    seed: int,
) -> list[Found]:
    """Return up to five slices whose excess loss changed unlike the other rows'.

    Pairs are (before, after). Only `finding` rows are looked at, at most 100,000 of a period.
    Each slice's rows are removed before the next is sought, so that a row belongs to one.
    """
    if not columns or not all(mask.any() for mask in finding):
        return []
    rng = np.random.default_rng(seed)
    chosen = [_sample(mask, rng) for mask in finding]
    view = [_only(column, chosen[0], chosen[1]) for column in columns]
    excess = (e[0][chosen[0]], e[1][chosen[1]])
    gram = Gram(coarsen(view), *excess)
    left = (np.ones(len(excess[0]), bool), np.ones(len(excess[1]), bool))
    free = np.ones(len(rows[1]), bool)
    found: list[Found] = []
    while len(found) < _MOST_SLICES:
        best = _best(view, gram, excess, left)
        if best is None:
            break
        inside = best.rows([column.after for column in view]) & left[1]
        gone = best.rows([column.before for column in view]) & left[0]
        every = best.rows([column.after for column in columns]) & free
        where = {
            view[at].name: condition_of(rows[1].column(view[at].name), every)
            for at, _, _ in best.ranges
        }
        found.append(Found(where, proxies_of(rows[1], where, every, free), best.z))
        gram.remove(gone, inside)
        left = (left[0] & ~gone, left[1] & ~inside)
        free &= ~every
    return found


def _best(
    view: list[Coded],
    gram: Gram,
    e: tuple[NDArray[np.float64], NDArray[np.float64]],
    left: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Candidate | None:
    """Return the strongest slice after refining; among proxies the plainest."""
    strongest = gram.strongest(_REFINED)
    # A pair's halves may hold the same rows with fewer conditions.
    halves: list[tuple[Bin, ...]] = [
        (one,) for chosen in strongest if len(chosen) > 1 for one in chosen
    ]
    refined = [refine(view, chosen, e, left) for chosen in dict.fromkeys(strongest + halves)]
    able = [one for one in refined if one is not None]
    if not able:
        return None
    best = max(able, key=lambda one: one.worth)
    codes = [column.after[left[1]] for column in view]
    rows = best.rows(codes)
    return min(
        (one for one in able if _jaccard(one.rows(codes), rows) >= _SAME),
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


def _sample(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.intp]:
    rows = np.flatnonzero(mask)
    if len(rows) > _MOST_ROWS:
        rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
    return rows


def _only(column: Coded, before: NDArray[np.intp], after: NDArray[np.intp]) -> Coded:
    return replace(column, before=column.before[before], after=column.after[after])
