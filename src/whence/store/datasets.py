"""Datasets, and which runs used them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.journal.identity import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.metadata import Metadata, Statement
    from whence.types.records import DatasetSaid

__all__ = ["Dataset", "Input", "Use", "add_inputs", "inputs_of", "keeping", "uses"]

_CONTEXT = "mlflow.data.context"
"""The tag of an input that says as what it was used."""

_KEEP = (
    "INSERT INTO datasets (id, project, name, digest, kind, source, schema, profile, made)"
    " VALUES (?, {}, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (project, name, digest) DO NOTHING"
)
_OF_RUN = "coalesce((SELECT nullif(project, '') FROM runs WHERE id = ?), 'Default')"
_USED = (
    "INSERT INTO inputs (run, dataset, tags, at) SELECT ?, id, ?, ? FROM datasets"  # noqa: S608 - of fixed words
    f" WHERE project = {_OF_RUN} AND name = ? AND digest = ? ON CONFLICT (run, dataset) DO NOTHING"
)
_ORIGIN = "INSERT INTO origins (name, digest, ref, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


class Dataset(NamedTuple):
    """One version of some data: `digest` tells it from others of its name.

    `kind` and `source` say where it came from, `schema` and `profile` what it holds, as text.
    """

    name: str
    digest: str
    kind: str
    source: str
    schema: str | None = None
    profile: str | None = None


class Input(NamedTuple):
    """A dataset that a run used; its tags say as what, such as training."""

    dataset: Dataset
    tags: dict[str, str]


class Use(NamedTuple):
    """A dataset of a project, and as what runs used it (``""`` where none said)."""

    project: str
    name: str
    digest: str
    context: str


def add_inputs(metadata: Metadata, run: str, project: str, inputs: Iterable[Input]) -> None:
    """Say which datasets a run used; again changes nothing; the caller holds the transaction."""
    now = time.time_ns() // 1000
    # A microsecond apart, so that they are read in the order in which they were said.
    for at, (dataset, tags) in enumerate(inputs, now):
        metadata.run(_KEEP.format("?"), *(uuid7(), project, *dataset, at))
        metadata.run(
            "INSERT INTO inputs (run, dataset, tags, at) SELECT ?, id, ?, ? FROM datasets"
            " WHERE project = ? AND name = ? AND digest = ? ON CONFLICT (run, dataset) DO NOTHING",
            *(run, msgspec.json.encode(tags).decode(), at),
            *(project, dataset.name, dataset.digest),
        )


def keeping(said: DatasetSaid) -> list[Statement]:
    """Return the statements that keep what a program said of a dataset."""
    found: list[Statement] = [
        (
            _KEEP.format(_OF_RUN),
            (said.id, said.run, said.name, said.digest, said.kind, said.source, None, None,
             said.at),
        )
    ]  # fmt: skip
    if said.run:
        tags = {_CONTEXT: said.context} if said.context else {}
        encoded = msgspec.json.encode(tags).decode()
        found.append((_USED, (said.run, encoded, said.at, said.run, said.name, said.digest)))
    found += [(_ORIGIN, (said.name, said.digest, one, said.at)) for one in said.made_from]
    return found


def inputs_of(metadata: Metadata, runs: Sequence[str]) -> dict[str, list[Input]]:
    """Return the datasets that some runs used, in the order in which they said so."""
    found: dict[str, list[Input]] = {}
    for run, tags, *dataset in metadata.all(
        "SELECT inputs.run, inputs.tags, name, digest, kind, source, schema, profile FROM inputs"
        " JOIN datasets ON datasets.id = inputs.dataset"
        " WHERE inputs.run IN (SELECT value FROM json_each(?)) ORDER BY inputs.at, datasets.id",
        msgspec.json.encode(runs).decode(),
    ):
        kept = msgspec.json.decode(tags, type=dict[str, str])
        found.setdefault(run, []).append(Input(Dataset(*dataset), kept))
    return found


def uses(metadata: Metadata, projects: Sequence[str], context: str, most: int) -> list[Use]:
    """Return the datasets that runs of some projects used, each once for every context.

    Parameters
    ----------
    context
        The tag of an input that says as what it was used.
    most
        How many at most.
    """
    rows = metadata.all(
        "SELECT DISTINCT datasets.project, name, digest, coalesce(("
        " SELECT tag.value FROM json_each(inputs.tags) AS tag WHERE tag.key = ?), '')"
        " FROM datasets JOIN inputs ON inputs.dataset = datasets.id"
        " WHERE datasets.project IN (SELECT value FROM json_each(?)) LIMIT ?",
        *(context, msgspec.json.encode(projects).decode(), most),
    )
    return [Use(*row) for row in rows]
