"""Traces: what an application did for one request, and what is known of it.

Times are microseconds since 1970 (UTC). A trace is told by whoever ran it (`put`), by its spans
as they arrive (`add_spans` of store/trace_spans.py), or by both in any order; what was told
holds against what spans let conclude.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.store import artifacts, places, projects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = [
    "Trace",
    "delete",
    "folder_of",
    "known",
    "link",
    "of_ids",
    "put",
    "rename",
    "rows",
    "set_tags",
    "unset_tag",
]


class Trace(NamedTuple):
    """One trace.

    Attributes
    ----------
    project
        The id of its project.
    state
        ``"IN_PROGRESS"``, ``"OK"``, ``"ERROR"`` or ``"STATE_UNSPECIFIED"``.
    started, duration
        Microseconds; what is not over has no duration.
    request, response
        How what went in and came out begins.
    client
        What its client calls the request.
    session
        The conversation it belongs to.
    tokens, cost
        JSON objects, by the names of `TOKENS` and `COST` in their order.
    final
        Whether who ran it told how it went; what comes later from its spans changes nothing.
    tags, metadata
        What was said of it: tags can change.
    spans
        Whether spans of it are here.
    """

    id: str
    project: int
    name: str | None
    state: str
    started: int
    duration: int | None
    request: str | None = None
    response: str | None = None
    client: str | None = None
    session: str | None = None
    tokens: str | None = None
    cost: str | None = None
    final: bool = False
    tags: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}
    spans: bool = False


_COLUMNS = Trace._fields[: Trace._fields.index("tags")]
_FIELDS = ", ".join(_COLUMNS)


def put(metadata: Metadata, trace: Trace) -> None:
    """Keep a trace; what it does not say of one that is there stays; in a transaction.

    The project, the state and the times are always said, and of tags and metadata those that are
    given.
    """
    metadata.run(
        f"INSERT INTO traces ({_FIELDS}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - of fixed words
        " ON CONFLICT (id) DO UPDATE SET project = excluded.project, state = excluded.state,"
        " started = excluded.started, duration = excluded.duration, client = excluded.client,"
        " name = coalesce(excluded.name, name), request = coalesce(excluded.request, request),"
        " response = coalesce(excluded.response, response),"
        " session = coalesce(excluded.session, session),"
        " tokens = coalesce(excluded.tokens, tokens), cost = coalesce(excluded.cost, cost),"
        " final = max(excluded.final, final)",
        *trace[: len(_COLUMNS)],
    )
    set_tags(metadata, trace.id, trace.tags)
    _keep(metadata, "trace_metadata", trace.id, trace.metadata)


def of_ids(metadata: Metadata, traces: Sequence[str]) -> list[Trace]:
    """Return the traces that there are of some ids, in the order of the ids."""
    place = {trace: number for number, trace in reversed(list(enumerate(traces)))}
    found = rows(metadata, " WHERE id IN (SELECT value FROM json_each(?))", _listed(list(place)))
    return sorted(found, key=lambda trace: place[trace.id])


def known(metadata: Metadata, trace: str) -> bool:
    """Return whether there is a trace of that id."""
    return metadata.one("SELECT 1 FROM traces WHERE id = ?", trace) is not None


def rows(metadata: Metadata, rest: str, *values: object) -> list[Trace]:
    """Return the traces of a query: `rest` is what follows its FROM, and our own words."""
    ask = (
        f"SELECT {_FIELDS}, EXISTS (SELECT 1 FROM spans WHERE trace = traces.id) FROM traces{rest}"  # noqa: S608 - of our own words
    )
    found = metadata.all(ask, *values)
    ids = _listed([row[0] for row in found])
    tags, said = (_said(metadata, table, ids) for table in ("trace_tags", "trace_metadata"))
    made = []
    for *fields, final, spans in found:
        of_trace = tags.get(fields[0], {}), said.get(fields[0], {})
        made.append(Trace._make((*fields, bool(final), *of_trace, bool(spans))))
    return made


def set_tags(metadata: Metadata, trace: str, tags: Mapping[str, str]) -> None:
    """Tag a trace; said again, the later holds; the caller holds the transaction."""
    _keep(metadata, "trace_tags", trace, tags)


def unset_tag(metadata: Metadata, trace: str, key: str) -> bool:
    """Remove a tag, and return whether it was there; the caller holds the transaction."""
    had = metadata.one("SELECT 1 FROM trace_tags WHERE trace = ? AND key = ?", trace, key)
    metadata.run("DELETE FROM trace_tags WHERE trace = ? AND key = ?", trace, key)
    return had is not None


def rename(metadata: Metadata, trace: str, name: str | None) -> bool:
    """Name a trace, or take its name, and return whether it had one; in a transaction."""
    had = metadata.one("SELECT 1 FROM traces WHERE id = ? AND name IS NOT NULL", trace)
    metadata.run("UPDATE traces SET name = ? WHERE id = ?", name, trace)
    return had is not None


def link(metadata: Metadata, traces: Iterable[str], kind: str, targets: Iterable[str]) -> None:
    """Tie traces to runs or to versions of prompts; again changes nothing; in a transaction.

    Parameters
    ----------
    kind
        ``"run"``, or ``"prompt"`` for targets like ``"name/1"``.
    """
    at, wanted = time.time_ns() // 1000, list(targets)
    metadata.run_many(
        "INSERT INTO trace_links (trace, kind, target, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (trace, kind, target) DO NOTHING",
        [(trace, kind, target, at) for trace in traces for target in wanted],
    )


def delete(
    metadata: Metadata,
    project: int,
    *,
    traces: Sequence[str] | None = None,
    until: int | None = None,
    most: int | None = None,
) -> int:
    """Remove traces of a project with all that belongs to them, and return how many.

    Their files lose their paths; the contents go with the next `whence gc`.

    Parameters
    ----------
    traces
        Only these.
    until
        Only those that began by then, in microseconds.
    most
        At most so many, the oldest first.
    """
    with metadata.transaction():
        gone = [trace for (trace,) in metadata.all(
            "SELECT id FROM traces WHERE project = ?1 AND (?2 IS NULL OR started <= ?2)"
            " AND (?3 IS NULL OR id IN (SELECT value FROM json_each(?3)))"
            " ORDER BY started, id LIMIT ?4",
            project, until, None if traces is None else _listed(list(traces)),
            -1 if most is None else most,
        )]  # fmt: skip
        for table, column in _TABLES:
            metadata.run(
                f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))",  # noqa: S608 - of fixed words
                _listed(gone),
            )
        root = _root(metadata, project)
        if root is not None:
            artifacts.remove(metadata, [folder_of(root, trace) for trace in gone])
    return len(gone)


def _root(metadata: Metadata, project: int) -> str | None:
    found = projects.of_id(metadata, project)
    return None if found is None else places.root_of(found)


def folder_of(root: str, trace: str) -> str:
    """Return the folder of what clients sent beside a trace; `root` is its project's."""
    return "/".join(filter(None, (root, "traces", trace)))


_TABLES = (
    ("spans", "trace"),
    ("assessments", "trace"),
    ("trace_links", "trace"),
    ("review_items", "trace"),
    ("trace_tags", "trace"),
    ("trace_metadata", "trace"),
    ("traces", "id"),
)


def _keep(metadata: Metadata, table: str, trace: str, said: Mapping[str, str]) -> None:
    metadata.run_many(
        f"INSERT INTO {table} (trace, key, value) VALUES (?, ?, ?)"  # noqa: S608 - of two words
        " ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value",
        [(trace, key, value) for key, value in said.items()],
    )


def _said(metadata: Metadata, table: str, ids: str) -> dict[str, dict[str, str]]:
    """Return what a table says of some traces, by trace and key."""
    kept: dict[str, dict[str, str]] = {}
    for trace, key, value in metadata.all(
        f"SELECT trace, key, value FROM {table}"  # noqa: S608 - of two words
        " WHERE trace IN (SELECT value FROM json_each(?))",
        ids,
    ):
        kept.setdefault(trace, {})[key] = value
    return kept


def _listed(values: list[str]) -> str:
    return msgspec.json.encode(values).decode()
