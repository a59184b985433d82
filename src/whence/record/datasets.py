"""Datasets: what they are, what made them, and which runs used them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.journal.identity import uuid7
from whence.record.encoding import encode, now
from whence.record.said import check_name
from whence.record.values import text
from whence.record.writers import writer
from whence.types.records import DatasetSaid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["say_dataset"]


def say_dataset(
    store: Path,
    *,
    name: str,
    digest: str,
    kind: str,
    source: str,
    made_from: Sequence[str],
    run: str = "",
    context: str = "",
) -> None:
    """Record a dataset, what it was made from, and, with `run`, that the run used it.

    Parameters
    ----------
    digest
        Tells its content from that of others of its name.
    kind, source
        Where it lies: such as ``"file"`` and a path.
    made_from
        References, such as ``"predictions:shop@7"``.
    context
        As what the run used it, such as ``"training"``.

    Raises
    ------
    BadInput
        If its name or digest cannot be recorded.
    Unwritable
        If the store cannot be written.
    """
    check_name("a dataset's name", name)
    check_name("a dataset's digest", digest)
    said = DatasetSaid(
        uuid7(), now(), name, digest, kind, text(source), list(made_from), run, context
    )
    writer(store).append(encode(said))
