"""What an export of ours holds besides runs, back in a store: datasets, logged models, traces.

As with runs: one that is marked as taken with the same digest is passed over, another is brought
up to date, and one of that id which no import made, or that was deleted here, is left alone.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import BadInput
from whence.journal.identity import uuid7
from whence.store import (
    assessments,
    holders,
    logged_metrics,
    logged_models,
    places,
    projects,
    traces,
)
from whence.store.fresh import Point
from whence.types.time import micros
from whence.work.exporting.traces import PARTS
from whence.work.importing.files import FileImport
from whence.work.importing.one_run import active_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from whence.store.folder import StoreFolder
    from whence.work.exporting.logged_models import ExportedLoggedModel, ExportedModelPoint
    from whence.work.exporting.traces import ExportedTrace
    from whence.work.importing.brought import Brought
    from whence.work.importing.sources.whence_export import WhenceExport

__all__ = ["bring_datasets", "bring_logged_models", "bring_traces"]

_MARK = (
    "INSERT INTO imports (digest, epoch, path, rows) VALUES (?, 0, ?, 0)"
    " ON CONFLICT (digest) DO UPDATE SET path = excluded.path"
)
"""The digest of what was taken; ``""`` while its files are on their way, or one is missing."""

_MODEL = (
    "INSERT INTO logged_models (id, project, name, run, kind, state, message, created, updated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
    " message = excluded.message, updated = excluded.updated"
)


def bring_datasets(store: StoreFolder, source: WhenceExport, project: str | None) -> None:
    """Bring the datasets, and what they were made from; those that are here stay as they are."""
    with store.metadata.transaction():
        for one in source.datasets():
            at = micros(one.made)
            store.metadata.run(
                "INSERT INTO datasets (id, project, name, digest, kind, source, schema, profile,"
                " made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (project, name, digest) DO NOTHING",
                *(uuid7(), project or one.project, one.name, one.digest, one.kind, one.source),
                *(one.schema, one.profile, at),
            )
            store.metadata.run_many(
                "INSERT INTO origins (name, digest, ref, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [(one.name, one.digest, ref, at) for ref in one.made_from],
            )


def bring_logged_models(
    store: StoreFolder, source: WhenceExport, project: str | None, done: Brought
) -> None:
    """Bring the logged models with their files; count them."""
    metadata = store.metadata
    for one in source.logged_models():
        key, digest = f"logged model {one.id}", _digest(one)
        here = logged_models.find(metadata, one.id, deleted=True)
        mark = _mark(store, key)
        if here is not None and (mark is None or here.deleted is not None):
            done.notes.append(f"the logged model {one.id} was left out: it is here already")
            continue
        home = _home(store, project or one.project, micros(one.created), key, done)
        if home is None or (here is not None and mark == digest):
            continue
        with metadata.transaction():
            _keep_model(store, one, home)
            metadata.run(_MARK, key, "")
        folder = holders.folder_of_model(metadata, one.id)
        files = FileImport(store, key, folder, done)
        taken = [files.add(file) for file in source.files("logged_models", one.id, one.artifacts)]
        metadata.run(_MARK, key, digest if sum(taken) == len(one.artifacts) else "")
        done.logged_models += here is None


def bring_traces(
    store: StoreFolder, source: WhenceExport, project: str | None, done: Brought
) -> None:
    """Bring the traces with their spans, assessments and files; count them."""
    metadata = store.metadata
    for page, table in source.traces():
        spans = _by_trace(table)
        digests = {one.id: _digest(one, spans.get(one.id, [])) for one in page}
        wanted: dict[str, tuple[ExportedTrace, projects.Project]] = {}
        for one in page:
            at, key = micros(one.started), f"trace {one.id}"
            home = _home(store, project or one.project, at, key, done)
            if home is not None and _is_wanted(store, one.id, digests[one.id], done):
                wanted[one.id] = one, home
        done.traces += sum(not traces.known(metadata, trace) for trace in wanted)
        with metadata.transaction():
            for one, home in wanted.values():
                _keep_trace(store, one, home.id, done)
                metadata.run(_MARK, f"trace {one.id}", "")
                _keep_spans(store, spans.get(one.id, []))
        for one, home in wanted.values():
            whole = _bring_files(store, source, one, home, done)
            metadata.run(_MARK, f"trace {one.id}", digests[one.id] if whole else "")


def _by_trace(table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        found.setdefault(row["trace"], []).append(row)
    return found


def _bring_files(
    store: StoreFolder,
    source: WhenceExport,
    one: ExportedTrace,
    home: projects.Project,
    done: Brought,
) -> bool:
    """Bring the files of a trace, and return whether all of them are here."""
    root = places.root_of(home)
    folder = None if root is None else f"{traces.folder_of(root, one.id)}/artifacts"
    files = FileImport(store, f"trace {one.id}", folder, done)
    taken = [files.add(file) for file in source.files("traces", one.id, one.artifacts)]
    return sum(taken) == len(one.artifacts)


def _home(
    store: StoreFolder, name: str, at: int, what: str, done: Brought
) -> projects.Project | None:
    """Return the project of something; None if it cannot be put there, which is said."""
    if not name:
        done.notes.append(f"{what} was left out: its project has no name; give one with --project")
        return None
    projects.ensure(store.metadata, name, at)
    try:
        return active_project(store, name)
    except BadInput as error:
        done.notes.append(f"{what} was left out: {error}")
        return None


def _digest(*said: object) -> str:
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def _mark(store: StoreFolder, key: str) -> str | None:
    row = store.metadata.one("SELECT path FROM imports WHERE digest = ?", key)
    return None if row is None else str(row[0])


def _keep_model(store: StoreFolder, one: ExportedLoggedModel, home: projects.Project) -> None:
    """Keep all that is small of a logged model; the caller holds the transaction."""
    metadata = store.metadata
    metadata.run(
        _MODEL,
        *(one.id, home.name, one.name, one.run, one.kind, one.state, one.message),
        *(micros(one.created), micros(one.updated)),
    )
    logged_models.add_params(metadata, one.id, one.params)
    logged_models.set_tags(metadata, one.id, one.tags)
    logged_metrics.add(metadata, [_point(one.id, said) for said in one.metrics])
    metadata.run_many(
        "INSERT INTO run_models (run, model, role, step, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, model, role) DO NOTHING",
        [(tie.run, one.id, tie.role, tie.step, micros(tie.at)) for tie in one.runs],
    )


def _point(model: str, said: ExportedModelPoint) -> logged_metrics.ModelPoint:
    point = Point(said.run, said.key, said.step, micros(said.time), float(said.value))
    return logged_metrics.ModelPoint(model, point, said.dataset, said.digest)


def _is_wanted(store: StoreFolder, trace: str, digest: str, done: Brought) -> bool:
    mark, here = _mark(store, f"trace {trace}"), traces.known(store.metadata, trace)
    if here and mark is None:
        done.notes.append(f"the trace {trace} was left out: it is here already")
    return not here or mark not in {None, digest}


def _keep_trace(store: StoreFolder, one: ExportedTrace, home: int, done: Brought) -> None:
    """Keep a trace and what is said of it; the caller holds the transaction."""
    metadata = store.metadata
    traces.put(
        metadata,
        traces.Trace(
            one.id, home, one.name, one.state, micros(one.started), one.duration, one.request,
            one.response, one.client, one.session, _text(one.tokens), _text(one.cost), one.final,
            one.tags, one.metadata,
        ),
    )  # fmt: skip
    metadata.run_many(
        "INSERT INTO trace_links (trace, kind, target, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (trace, kind, target) DO NOTHING",
        [(one.id, link.kind, link.target, micros(link.at)) for link in one.links],
    )
    for said in one.assessments:
        fields: dict[str, Any] = msgspec.structs.asdict(said)
        fields |= {
            "trace": one.id,
            "value": json.loads(bytes(said.value)),
            "metadata": json.loads(bytes(said.metadata)),
            "created": micros(said.created),
            "updated": micros(said.updated),
        }
        elsewhere = metadata.one(
            "SELECT trace FROM assessments WHERE id = ? AND trace != ?", said.id, one.id
        )
        if elsewhere:
            done.notes.append(
                f"the assessment {said.id} of the trace {one.id} was left out: the trace "
                f"{elsewhere[0]} has one of that id here"
            )
        else:
            assessments.keep(metadata, assessments.Assessment(**fields))


def _text(raw: msgspec.Raw) -> str | None:
    """Return JSON as text; None for null."""
    said = bytes(raw).decode()
    return None if said == "null" else said


def _keep_spans(store: StoreFolder, rows: Sequence[dict[str, Any]]) -> None:
    """Keep spans as they were kept before; the caller holds the transaction."""
    fields = ("trace", "id", "parent", "name", "kind", "status", "started", "ended")
    store.metadata.run_many(
        "INSERT INTO spans (trace, id, parent, name, kind, status, started, ended, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace, id) DO UPDATE SET"
        " parent = excluded.parent, name = excluded.name, kind = excluded.kind,"
        " status = excluded.status, started = excluded.started, ended = excluded.ended,"
        " content = excluded.content",
        [(*(row[name] for name in fields), _content(row)) for row in rows],
    )


def _content(row: dict[str, Any]) -> str:
    try:
        said = {name: json.loads(row[name]) for name in PARTS if row[name] is not None}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise BadInput(
            f"the span {row['id']} of the trace {row['trace']} in spans.parquet is not as an "
            f"export writes it: {error}"
        ) from error
