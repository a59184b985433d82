"""References: the period in which a model was known to be healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.record.encoding import encode, now
from whence.record.moments import microseconds
from whence.record.said import check_name
from whence.record.writers import writer
from whence.types.records import Reference

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["reference"]


def reference(store: Path, model: str, start: datetime, end: datetime) -> None:
    """Record that a model was healthy from `start` to before `end`; the latest call holds.

    Parameters
    ----------
    store
        The store's folder, made when absent.
    model
        The model's name, 1 to 200 characters.
    start, end
        The period, its end exclusive; aware.

    Raises
    ------
    BadInput
        If the model is no name, or the period is empty.
    NaiveTime
        If a time has no zone.
    NewerStore
        If a newer Whence wrote the store.
    Unwritable
        If the store cannot be written.
    """
    check_name("model", model)
    first, last = microseconds("start", start), microseconds("end", end)
    if first >= last:
        raise BadInput(
            f"the reference ends at {end.isoformat()}, not after its start {start.isoformat()}; "
            "give a later end"
        )
    writer(store).append(encode(Reference(model, first, last, now())))
