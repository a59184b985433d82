"""Predictions: a dict, a list of dicts, or a frame of any library that speaks Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.errors import BadInput
from whence.record.rows import record_known, record_rows
from whence.record.said import Said
from whence.record.writers import writer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_dicts", "is_frame", "predictions", "unusable"]


def predictions(  # noqa: PLR0913 - one keyword for each role a column can play
    store: Path,
    model: str,
    frame: Any,  # noqa: ANN401 - any library's frame
    *,
    id: str | None = None,  # noqa: A002 - the word users know
    time: str | None = None,
    prediction: str | None = None,
    proba: str | None = None,
    label: str | None = None,
    images: str | None = None,
    version: str | None = None,
    tz: str | None = None,
) -> int:
    """Record predictions and return how many rows.

    On return this host's kernel has them: they survive the process. The dict rows of a call are
    all checked before the first is written; of a frame all that its schema says is.

    Parameters
    ----------
    store
        The store's folder, made when absent.
    model
        The model's name, 1 to 200 characters.
    frame
        A dict (one row), a list of dicts, or a frame with ``__arrow_c_stream__`` or
        ``__arrow_c_array__`` (pandas, polars, pyarrow, DuckDB and others). An unnamed index of
        pandas is no column.
    id, time, prediction, proba, label, images
        The columns that play these roles.
    version
        The column with the model's version; or, if no column has this name, the version itself.
    tz
        The zone of times without one, such as ``"Europe/Berlin"``.

    Raises
    ------
    BadInput
        If the frame, the model, the zone or a value cannot be used.
    MissingColumn
        If a role names a column that is not there.
    NaiveTime
        If times have no zone and `tz` is not given.
    NewerStore
        If a newer Whence wrote the store.
    Unwritable
        If the store cannot be written.
    """
    given = (model, id, time, prediction, proba, label, images, version, tz)
    journal = writer(store)
    if isinstance(frame, dict):
        known = record_known(journal, given, frame)
        return 1 if known else record_rows(journal, Said(*given), (frame,))
    if is_dicts(frame):
        return record_rows(journal, Said(*given), frame)
    if is_frame(frame):
        # Loaded here, because programs that log dicts need no Arrow.
        from whence.record.frames import record_frame  # noqa: PLC0415

        return record_frame(journal, Said(*given), frame)
    raise unusable(frame)


def is_frame(frame: object) -> bool:
    """Return whether an object gives its data as Arrow."""
    return hasattr(frame, "__arrow_c_stream__") or hasattr(frame, "__arrow_c_array__")


def is_dicts(frame: object) -> bool:
    """Return whether an object is a list of dict rows.

    Raises
    ------
    BadInput
        If it is a list of something else.
    """
    if not isinstance(frame, (list, tuple)):
        return False
    for position, row in enumerate(frame):
        if not isinstance(row, dict):
            raise BadInput(
                f"row {position} is a {type(row).__qualname__}; give a list of dicts, each with "
                "the columns' names as keys"
            )
    return True


def unusable(frame: object) -> BadInput:
    """Return the error for an object that is no frame."""
    kind = type(frame)
    return BadInput(
        f"cannot record a {kind.__module__}.{kind.__qualname__}; give a dict, a list of dicts, or "
        "a frame (pandas, polars, pyarrow, DuckDB: anything with __arrow_c_stream__)"
    )
