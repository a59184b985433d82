"""The two periods on the same columns, or an error that says why not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from whence.errors import BadInput

if TYPE_CHECKING:
    from whence.types.rows import Rows

__all__ = ["align"]


def align(before: Rows, after: Rows) -> tuple[Rows, Rows, list[str]]:
    """Return both periods with the columns they share, and the names of the others.

    Raises
    ------
    BadInput
        If the periods differ in task or classes, or a column in kind or levels: their codes
        would not mean the same.
    """
    if before.task != after.task or before.classes != after.classes:
        raise BadInput(
            f"the periods differ: task {before.task!r} with classes {before.classes} before, "
            f"{after.task!r} with {after.classes} after; gather both with one coding"
        )
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    shared = [name for name in old if name in new]
    for name in shared:
        if old[name].kind != new[name].kind or old[name].levels != new[name].levels:
            raise BadInput(
                f"column {name!r} is a {old[name].kind} before and a {new[name].kind} after, or "
                "its levels differ; gather both periods with one coding"
            )
    alone = sorted(set(old) ^ set(new))
    return (
        replace(before, columns=tuple(old[name] for name in shared)),
        replace(after, columns=tuple(new[name] for name in shared)),
        alone,
    )
