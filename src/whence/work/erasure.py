"""What is to be forgotten of a model, as one request."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput
from whence.types.time import micros, parse_time
from whence.work.intake import column_from_values, read_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Erasure", "erasure"]

_DAY = 86_400_000_000
"""Microseconds."""


class Erasure(msgspec.Struct, frozen=True):
    """Some ids of a model, or all its days (UTC) before one, or all of it where neither is given.

    With `keep_counts` the counts of windows that lie before the day stay.
    """

    model: str
    ids: list[str] = []
    before: date | None = None
    keep_counts: bool = False

    @property
    def everything(self) -> bool:
        """Whether nothing of the model is to stay."""
        return not self.ids and self.before is None


def erasure(
    model: str,
    *,
    ids: Sequence[object] | None = None,
    before: datetime | str | None = None,
    everything: bool = False,
    keep_counts: bool = False,
) -> Erasure:
    """Return a request from what a caller gives; see `whence.Model.forget`.

    Raises
    ------
    BadInput
        If not exactly one of the three is given, an id is empty, or the time is no midnight.
    """
    if (ids is not None) + (before is not None) + everything != 1:
        raise BadInput(
            f"what should be forgotten of {model!r}? give one of: ids (--id), the day before "
            "which all goes (--before), everything (--all)"
        )
    if keep_counts and before is None:
        raise BadInput("counts can be kept (--keep-counts) only with a day (--before)")
    texts = [] if ids is None else read_ids(column_from_values(list(ids))).to_pylist()
    if ids is not None and (not texts or not all(texts)):
        raise BadInput(f"the ids to forget are {list(ids)!r}; give at least one, and no empty one")
    return Erasure(model, sorted(set(texts)), _day(before), keep_counts)


def _day(before: datetime | str | None) -> date | None:
    if before is None:
        return None
    when = parse_time(before) if isinstance(before, str) else before
    if micros(when) % _DAY:
        raise BadInput(
            f"{before} is not the beginning of a day in UTC; rows are forgotten by whole days, "
            "so give a date, such as 2024-03-01"
        )
    return when.astimezone(UTC).date()
