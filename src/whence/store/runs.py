"""Runs in the database: what they were given, how they stand, the last value of each metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from whence.errors import BadInput, NotFound
from whence.types.runs import RunRow
from whence.types.time import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.folder import StoreFolder
    from whence.store.metadata import Metadata
    from whence.types.records import RunEnd, RunFacts, RunStart

__all__ = [
    "Latest",
    "count",
    "end",
    "facts",
    "latest",
    "named",
    "names",
    "of_id",
    "page",
    "projects",
    "seen",
    "standing",
    "start",
]

Latest = tuple[str, str, float, int, int]
"""Run, metric, value, step, time: of the largest step, there of the latest time."""

_FIELDS = "id, project, name, status, started, ended, parent"
_SORTED_BY = ("started", "ended", "name", "project", "status")

_MOST_NAMES = 200

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

_STUB = (
    "INSERT INTO runs (id, project, name, status, started, seen, journal)"
    " VALUES (?, '', '', 'running', ?, ?, '') ON CONFLICT (id) DO UPDATE"
    " SET seen = max(seen, excluded.seen)"
)


def start(metadata: Metadata, run: RunStart, journal: str) -> None:
    """Keep a run that begins; `journal` is the name of its process's journal."""
    metadata.run(
        "INSERT INTO runs (id, project, name, status, started, seen, parent, journal)"
        " VALUES (?, ?, ?, 'running', ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " project = excluded.project, name = excluded.name, started = excluded.started,"
        " parent = excluded.parent, journal = excluded.journal",
        *(run.run, run.project, run.name, run.at, run.at, run.parent, journal),
    )


def seen(metadata: Metadata, runs: Iterable[tuple[str, int]]) -> None:
    """Note when something was last recorded of runs (id, time), also of those without a start."""
    metadata.run_many(_STUB, [(run, at, at) for run, at in runs])


def facts(metadata: Metadata, said: RunFacts) -> None:
    """Keep params and tags; of those said twice the later."""
    upsert = (
        "INSERT INTO {} (run, key, value, at) VALUES (?, ?, ?, ?) ON CONFLICT (run, key)"
        " DO UPDATE SET value = excluded.value, at = excluded.at WHERE excluded.at >= at"
    )
    params = [(said.run, key, msgspec.json.encode(value).decode(), said.at)
              for key, value in said.params.items()]  # fmt: skip
    tags = [(said.run, key, value, said.at) for key, value in said.tags.items()]
    for table, rows in (("params", params), ("tags", tags)):
        if rows:
            metadata.run_many(upsert.format(table), rows)


def end(metadata: Metadata, said: RunEnd) -> None:
    """Keep how a run ended; what its program said holds against what was found out."""
    metadata.run(
        "UPDATE runs SET status = ?, ended = ? WHERE id = ?", said.status, said.at, said.run
    )


def latest(metadata: Metadata, points: Iterable[Latest]) -> None:
    """Keep the last values of metrics where they are later than those kept."""
    metadata.run_many(
        "INSERT INTO latest (run, key, value, step, time) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, step = excluded.step,"
        " time = excluded.time WHERE (excluded.step, excluded.time) >= (step, time)",
        [(run, key, None if math.isnan(value) else value, step, time)
         for run, key, value, step, time in points],
    )  # fmt: skip


def named(store: StoreFolder, wanted: str) -> str:
    """Return the id of a run of that id, the beginning of one, or that name.

    Raises
    ------
    NotFound
        If there is none.
    BadInput
        If there are several.
    """
    found = store.metadata.all(
        "SELECT id FROM runs WHERE id = ?1 OR name = ?1 OR (length(?1) >= 6"
        " AND substr(id, 1, length(?1)) = ?1) ORDER BY id = ?1 DESC, started DESC LIMIT 3",
        wanted,
    )
    if not found:
        raise NotFound(f"the store {store.path} has no run {wanted!r}; whence runs lists them")
    if len(found) > 1 and found[0][0] != wanted:
        several = ", ".join(one for (one,) in found)
        raise BadInput(f"{wanted!r} is more than one run ({several}); give the whole id")
    return str(found[0][0])


def of_id(store: StoreFolder, run: str) -> RunRow:
    """Return a run.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    rows = store.metadata.all(f"SELECT {_FIELDS} FROM runs WHERE id = ?", run)  # noqa: S608 - fixed
    if not rows:
        raise NotFound(f"the store {store.path} has no run {run!r}; whence runs lists them")
    return _rows(store, rows)[0]


def count(store: StoreFolder, project: str | None = None) -> int:
    """Return how many runs there are, in a project or in all."""
    (found,) = store.metadata.one(
        "SELECT COUNT(*) FROM runs WHERE ?1 IS NULL OR project = ?1", project
    ) or (0,)
    return int(found)


def standing(store: StoreFolder) -> tuple[object, ...]:
    """Return what differs as soon as anything was said of a run, or found out."""
    row = store.metadata.one("SELECT COUNT(*), MAX(seen), SUM(status = 'running') FROM runs")
    return row or ()


def projects(store: StoreFolder) -> list[str]:
    """Return the projects that have runs, in order."""
    return [name for (name,) in store.metadata.all(
        "SELECT DISTINCT project FROM runs ORDER BY project")]  # fmt: skip


def names(
    store: StoreFolder, of: Literal["latest", "params"], project: str | None = None
) -> list[str]:
    """Return the names of metrics or params that the runs of a project have, or all; in order."""
    # From name to name by the index: reading all rows for them takes a tenth of a second.
    rows = store.metadata.all(
        f"WITH RECURSIVE names(key) AS (SELECT min(key) FROM {of} UNION ALL"  # noqa: S608 - of two words
        f" SELECT (SELECT min(key) FROM {of} WHERE key > names.key) FROM names"
        " WHERE names.key IS NOT NULL)"
        " SELECT key FROM names WHERE key IS NOT NULL AND (?1 IS NULL OR EXISTS ("
        f"SELECT 1 FROM {of} AS had JOIN runs ON runs.id = had.run"
        " WHERE had.key = names.key AND runs.project = ?1)) LIMIT ?2",
        project,
        _MOST_NAMES,
    )
    return [key for (key,) in rows]


def page(
    store: StoreFolder,
    *,
    project: str | None = None,
    sort: str = "-started",
    limit: int = 100,
    offset: int = 0,
) -> list[RunRow]:
    """Return a page of runs.

    Parameters
    ----------
    project
        Only its runs.
    sort
        ``started``, ``ended``, ``name``, ``project``, ``status``, ``metrics.KEY`` (the last
        value) or ``params.KEY``; the largest first with a minus before it. Runs that lack it
        come last.
    limit, offset
        The page.

    Raises
    ------
    BadInput
        If it cannot be sorted so, or the page makes no sense.
    """
    if not 1 <= limit <= _LARGEST or not 0 <= offset <= _LARGEST:
        raise BadInput(f"limit {limit} and offset {offset} give no page; give 1 and 0 or more")
    down = sort.startswith("-")
    by, _, key = sort.removeprefix("-").partition(".")
    order = "DESC" if down else "ASC"
    where = "(? IS NULL OR runs.project = ?)"
    if by in _SORTED_BY and not key:
        joined, column, values = "", f"runs.{by}", []
    elif by == "metrics" and key:
        joined = "LEFT JOIN latest ON latest.run = runs.id AND latest.key = ?"
        column, values = "latest.value", [key]
    elif by == "params" and key:
        joined = "LEFT JOIN params ON params.run = runs.id AND params.key = ?"
        column, values = "json_extract(params.value, '$')", [key]
    else:
        raise BadInput(
            f"runs cannot be sorted by {sort!r}; give one of {', '.join(_SORTED_BY)}, "
            "metrics.NAME or params.NAME, with a minus before it for the largest first"
        )
    rows = store.metadata.all(
        f"SELECT {', '.join(f'runs.{name}' for name in _FIELDS.split(', '))} FROM runs {joined}"  # noqa: S608 - of fixed words
        f" WHERE {where} ORDER BY {column} IS NULL, {column} {order}, runs.id {order}"
        " LIMIT ? OFFSET ?",
        *(*values, project, project, limit, offset),
    )
    return _rows(store, rows)


def _rows(store: StoreFolder, rows: Sequence[tuple[Any, ...]]) -> list[RunRow]:
    ids = msgspec.json.encode([row[0] for row in rows]).decode()
    # One question for all runs of a page: a host of variables has a limit in SQLite.
    ask = (
        "SELECT run, key, value FROM {} WHERE run IN (SELECT value FROM json_each(?)) ORDER BY key"
    )
    kept = {
        table: _by_run(store.metadata.all(ask.format(table), ids))
        for table in ("params", "tags", "latest")
    }
    return [
        RunRow(
            id=run,
            project=project,
            name=name,
            status=status,
            started=moment(started),
            ended=None if ended is None else moment(ended),
            parent=parent,
            params={key: msgspec.json.decode(value)
                    for key, value in kept["params"].get(run, {}).items()},
            tags=kept["tags"].get(run, {}),
            metrics={key: math.nan if value is None else value
                     for key, value in kept["latest"].get(run, {}).items()},
        )
        for run, project, name, status, started, ended, parent in rows
    ]  # fmt: skip


def _by_run(rows: Sequence[tuple[Any, ...]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run, key, value in rows:
        found.setdefault(run, {})[key] = value
    return found
