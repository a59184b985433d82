"""Traces in an export: ``traces.jsonl``, a trace a line with its assessments, and their spans."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
from pyarrow import parquet

from whence.store import assessments, places, projects, traces
from whence.types.time import moment
from whence.work.exporting.files import export_files
from whence.work.exporting.layout import ExportedArtifact, path_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from whence.store.assessments import Assessment
    from whence.store.folder import StoreFolder
    from whence.store.traces import Trace

__all__ = [
    "PARTS",
    "SPANS",
    "TRACES",
    "ExportedAssessment",
    "ExportedLink",
    "ExportedTrace",
    "export_traces",
]

TRACES = 200
"""Traces that are in memory at a time, with their spans."""

_NANOSECONDS = pa.timestamp("ns", tz="UTC")

PARTS = ("message", "attributes", "events", "links", "more")
"""What a span says besides what has a column of the database: JSON, null where there is none."""

SPANS = pa.schema(
    [
        ("trace", pa.string()),
        ("id", pa.string()),
        ("parent", pa.string()),
        ("name", pa.string()),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("started", _NANOSECONDS),
        ("ended", _NANOSECONDS),
        *((name, pa.string()) for name in PARTS),
    ]
)
"""The columns of ``spans.parquet``, sorted by trace."""

_CHOSEN = """
 WHERE id > ?1
 AND project NOT IN (SELECT projects.id FROM projects WHERE deleted IS NOT NULL)
 AND (?2 OR project IN (SELECT projects.id FROM projects WHERE projects.name = ?3)
      OR EXISTS (SELECT 1 FROM trace_links WHERE trace = traces.id
                 AND kind = 'run' AND target IN (SELECT value FROM json_each(?4)))
      OR EXISTS (SELECT 1 FROM trace_metadata WHERE trace = traces.id
                 AND key = 'mlflow.sourceRun' AND value IN (SELECT value FROM json_each(?4))))
 ORDER BY id LIMIT ?5"""
"""What is said of a trace is looked up by its id: all pages together look at each trace once."""


class ExportedAssessment(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment of a trace, in the words of `store.assessments`."""

    id: str
    span: str | None
    name: str
    kind: str
    value: msgspec.Raw
    error: dict[str, str] | None
    source_kind: str
    source: str | None
    run: str | None
    rationale: str | None
    metadata: msgspec.Raw
    created: datetime
    updated: datetime
    overrides: str | None
    valid: bool


class ExportedLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a trace has to do with: `kind` is ``"run"``, or ``"prompt"`` with ``NAME/VERSION``."""

    kind: str
    target: str
    at: datetime


class ExportedTrace(msgspec.Struct, frozen=True, kw_only=True):
    """A trace, in the words of `store.traces`; `duration` in microseconds."""

    id: str
    project: str
    name: str | None
    state: str
    started: datetime
    duration: int | None
    request: str | None
    response: str | None
    client: str | None
    session: str | None
    tokens: msgspec.Raw
    cost: msgspec.Raw
    final: bool
    tags: dict[str, str]
    metadata: dict[str, str]
    links: list[ExportedLink]
    assessments: list[ExportedAssessment]
    artifacts: list[ExportedArtifact]


def export_traces(
    store: StoreFolder, folder: Path, ids: Sequence[str] | None, project: str | None
) -> tuple[int, int]:
    """Write traces to an export; return how many, and how many files they have.

    Parameters
    ----------
    ids
        Only those that have to do with these runs; all if None.
    project
        Those of this project too.
    """
    runs = msgspec.json.encode(ids or []).decode()
    written, files, last = 0, 0, ""
    with (
        (folder / "traces.jsonl").open("wb") as out,
        parquet.ParquetWriter(folder / "spans.parquet", SPANS, compression="zstd") as spans,
    ):
        while found := traces.rows(
            store.metadata, _CHOSEN, last, ids is None, project, runs, TRACES
        ):
            for line in _exported(store, folder, found):
                out.write(msgspec.json.encode(line) + b"\n")
                files += len(line.artifacts)
            spans.write_table(_spans(store, found))
            written += len(found)
            last = found[-1].id
    return written, files


def _exported(store: StoreFolder, folder: Path, found: Sequence[Trace]) -> Iterator[ExportedTrace]:
    ids = [one.id for one in found]
    said = assessments.of_traces(store.metadata, ids)
    links = _links(store, ids)
    homes = {number: projects.of_id(store.metadata, number)
             for number in {one.project for one in found}}  # fmt: skip
    for one in found:
        home = homes[one.project]
        root = None if home is None else places.root_of(home)
        own = None if root is None else f"{traces.folder_of(root, one.id)}/artifacts"
        into = path_below("traces", one.id)
        yield ExportedTrace(
            id=one.id,
            project="" if home is None else home.name,
            name=one.name,
            state=one.state,
            started=moment(one.started),
            duration=one.duration,
            request=one.request,
            response=one.response,
            client=one.client,
            session=one.session,
            tokens=_raw(one.tokens),
            cost=_raw(one.cost),
            final=one.final,
            tags=dict(one.tags),
            metadata=dict(one.metadata),
            links=links.get(one.id, []),
            assessments=[_assessment(each) for each in said.get(one.id, [])],
            artifacts=list(export_files(store, folder, own, into)),
        )


def _raw(kept: str | None) -> msgspec.Raw:
    """Return JSON as it is kept; null where there is none."""
    return msgspec.Raw(b"null" if kept is None else kept.encode())


def _assessment(one: Assessment) -> ExportedAssessment:
    said = one._asdict()
    del said["trace"]
    times = {"created": moment(one.created), "updated": moment(one.updated)}
    raw = {"value": _raw(json.dumps(one.value)), "metadata": _raw(json.dumps(one.metadata))}
    return ExportedAssessment(**{**said, **times, **raw})


def _links(store: StoreFolder, ids: list[str]) -> dict[str, list[ExportedLink]]:
    found: dict[str, list[ExportedLink]] = {}
    for trace, kind, target, at in store.metadata.all(
        "SELECT trace, kind, target, at FROM trace_links"
        " WHERE trace IN (SELECT value FROM json_each(?)) ORDER BY at, kind, target",
        msgspec.json.encode(ids).decode(),
    ):
        found.setdefault(trace, []).append(ExportedLink(kind=kind, target=target, at=moment(at)))
    return found


def _spans(store: StoreFolder, found: Sequence[Trace]) -> pa.Table:
    """Return the spans of some traces: of each its roots first, and then as they began."""
    rows = store.metadata.all(
        "SELECT trace, id, parent, name, kind, status, started, ended, content FROM spans"
        " WHERE trace IN (SELECT value FROM json_each(?))"
        " ORDER BY trace, parent IS NOT NULL, started, rowid",
        msgspec.json.encode([one.id for one in found]).decode(),
    )
    table = [dict(zip(SPANS.names, (*row[:-1], *_parts(row[-1])), strict=True)) for row in rows]
    return pa.Table.from_pylist(table, SPANS)


def _parts(content: str) -> Iterator[str | None]:
    """Yield the parts of what a span says as JSON, numbers as they were written."""
    said: dict[str, Any] = json.loads(content)
    for name in PARTS:
        if name not in said:
            yield None
        else:
            yield json.dumps(said[name], ensure_ascii=False, separators=(",", ":"))
