"""Datasets in an export, with what they were made from: ``datasets.json``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from whence.types.time import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whence.store.folder import StoreFolder

__all__ = ["ExportedOrigins", "datasets_of"]

_CHOSEN = """
SELECT project, name, digest, kind, source, schema, profile, made FROM datasets
WHERE project NOT IN (SELECT projects.name FROM projects WHERE deleted IS NOT NULL)
AND (?1 OR project = ?2
     OR id IN (SELECT dataset FROM inputs WHERE run IN (SELECT value FROM json_each(?3))))
ORDER BY made, project, name, digest
"""


class ExportedOrigins(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset of a project, and what it was made from: references such as ``run:ID``.

    Runs say in ``runs.jsonl`` which they used.
    """

    project: str
    name: str
    digest: str
    kind: str
    source: str
    schema: str | None
    profile: str | None
    made: datetime
    made_from: list[str]


def datasets_of(
    store: StoreFolder, ids: Sequence[str] | None, project: str | None
) -> Iterator[ExportedOrigins]:
    """Yield the datasets that some runs used, and those of a project; all without runs to name."""
    origins: dict[tuple[str, str], list[str]] = {}
    for name, digest, ref in store.metadata.all("SELECT name, digest, ref FROM origins ORDER BY 3"):
        origins.setdefault((name, digest), []).append(ref)
    for *said, made in store.metadata.all(
        _CHOSEN, ids is None, project, msgspec.json.encode(ids or []).decode()
    ):
        project, name, digest, kind, source, schema, profile = said
        yield ExportedOrigins(
            project=project,
            name=name,
            digest=digest,
            kind=kind,
            source=source,
            schema=schema,
            profile=profile,
            made=moment(made),
            made_from=origins.get((name, digest), []),
        )
