"""The facts that lineage is walked by: what a dataset was made from, who used it, what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.types.lineage import Ref

if TYPE_CHECKING:
    from whence.store.metadata import Metadata

__all__ = [
    "made_of",
    "newest",
    "origins",
    "run_of",
    "run_title",
    "used",
    "users",
    "versions_of",
]

_CONTEXT = (
    "coalesce((SELECT tag.value FROM json_each(inputs.tags) AS tag"
    " WHERE tag.key = 'mlflow.data.context'), '')"
)


def newest(metadata: Metadata, dataset: Ref) -> Ref | None:
    """Return a dataset with its digest: the one named, else the newest; None if there is none."""
    row = metadata.one(
        "SELECT name, digest FROM datasets WHERE name = ?1 AND (?2 = '' OR digest = ?2)"
        " ORDER BY made DESC LIMIT 1",
        *(dataset.name, dataset.part),
    )
    return None if row is None else Ref("dataset", *row)


def origins(metadata: Metadata, dataset: Ref) -> list[Ref]:
    """Return what a dataset was made from."""
    rows = metadata.all(
        "SELECT ref FROM origins WHERE name = ? AND digest = ? ORDER BY ref",
        *(dataset.name, dataset.part),
    )
    return [Ref.parse(ref) for (ref,) in rows]


def made_of(metadata: Metadata, ref: Ref) -> list[Ref]:
    """Return the datasets that were made from something."""
    rows = metadata.all(
        "SELECT name, digest FROM origins WHERE ref = ? ORDER BY name, digest", str(ref)
    )
    return [Ref("dataset", *row) for row in rows]


def used(metadata: Metadata, run: str) -> list[tuple[Ref, str]]:
    """Return the datasets that a run used, and as what ("" where that was not said)."""
    rows = metadata.all(
        f"SELECT datasets.name, datasets.digest, {_CONTEXT} FROM inputs"  # noqa: S608 - of fixed words
        " JOIN datasets ON datasets.id = inputs.dataset WHERE inputs.run = ? ORDER BY inputs.at",
        run,
    )
    return [(Ref("dataset", name, digest), context) for name, digest, context in rows]


def users(metadata: Metadata, dataset: Ref) -> list[tuple[str, str]]:
    """Return the runs that used a dataset, and as what."""
    return metadata.all(
        f"SELECT DISTINCT inputs.run, {_CONTEXT} FROM inputs"  # noqa: S608 - of fixed words
        " JOIN datasets ON datasets.id = inputs.dataset"
        " WHERE datasets.name = ? AND datasets.digest = ? ORDER BY inputs.run",
        *(dataset.name, dataset.part),
    )


def run_of(metadata: Metadata, version: Ref) -> str | None:
    """Return the run that made a version of a model, "" if none is known; None: no version."""
    row = metadata.one(
        "SELECT coalesce(run, '') FROM versions WHERE model = ? AND CAST(version AS TEXT) = ?",
        *(version.name, version.part),
    )
    return None if row is None else str(row[0])


def versions_of(metadata: Metadata, run: str) -> list[Ref]:
    """Return the versions of models that a run made."""
    rows = metadata.all(
        "SELECT model, CAST(version AS TEXT) FROM versions WHERE run = ? ORDER BY model, version",
        run,
    )
    return [Ref("model", *row) for row in rows]


def run_title(metadata: Metadata, run: str) -> str | None:
    """Return a run's project and name; None if there is no such run."""
    row = metadata.one("SELECT project, name FROM runs WHERE id = ?", run)
    return None if row is None else "/".join(part for part in row if part)
