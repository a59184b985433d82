"""Runs in the database: what they were given, how they stand, the last value of each metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from whence.errors import BadInput, NotFound
from whence.store import projects as _projects
from whence.types.runs import RunRow
from whence.types.time import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.folder import StoreFolder
    from whence.store.metadata import Metadata
    from whence.types.records import RunEnd, RunFacts, RunStart

__all__ = [
    "GONE",
    "Latest",
    "any_of",
    "count_points",
    "end",
    "facts",
    "last_points",
    "latest",
    "named",
    "names",
    "of_id",
    "projects",
    "seen",
    "select",
    "standing",
    "start",
    "text_of",
]

Latest = tuple[str, str, float, int, int]
"""Run, metric, value, step, time: of the largest step, there of the latest time, then value."""

_FIELDS = "id, project, name, status, started, ended, parent, user, deleted"

GONE = (
    "(runs.deleted IS NOT NULL"
    " OR runs.project IN (SELECT name FROM projects WHERE deleted IS NOT NULL))"
)
"""Of a run that was deleted, or whose project was."""

_MOST_NAMES = 200

_STUB = (
    "INSERT INTO runs (id, project, name, status, started, seen, journal)"
    " VALUES (?, '', '', 'running', ?, ?, '') ON CONFLICT (id) DO UPDATE"
    " SET seen = max(seen, excluded.seen)"
)


def start(metadata: Metadata, run: RunStart, journal: str) -> None:
    """Keep a run that begins; `journal` is the name of its process's journal."""
    _projects.ensure(metadata, run.project, run.at)
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
        " time = excluded.time WHERE (excluded.step, excluded.time, coalesce(excluded.value,"
        " -9e999)) >= (step, time, coalesce(value, -9e999))",
        [(run, key, None if math.isnan(value) else value, step, time)
         for run, key, value, step, time in points],
    )  # fmt: skip


def count_points(metadata: Metadata, numbers: Mapping[tuple[str, str], int]) -> None:
    """Note how many points metrics have gained, by run and metric; the caller's transaction."""
    metadata.run_many(
        "UPDATE latest SET points = points + ? WHERE run = ? AND key = ?",
        [(number, run, key) for (run, key), number in numbers.items()],
    )


def named(store: StoreFolder, wanted: str) -> str:
    """Return the id of a run of that id, the beginning of one, or that name.

    One that was deleted is found by its whole id only.

    Raises
    ------
    NotFound
        If there is none.
    BadInput
        If there are several.
    """
    found = store.metadata.all(
        f"SELECT id FROM runs WHERE id = ?1 OR NOT {GONE} AND (name = ?1 OR (length(?1) >= 6"  # noqa: S608 - of our own words
        " AND substr(id, 1, length(?1)) = ?1)) ORDER BY id = ?1 DESC, started DESC LIMIT 3",
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
    found = select(store, "WHERE id = ?", run)
    if not found:
        raise NotFound(f"the store {store.path} has no run {run!r}; whence runs lists them")
    return found[0]


def any_of(store: StoreFolder) -> bool:
    """Return whether there are runs, be they deleted."""
    return store.metadata.one("SELECT 1 FROM runs LIMIT 1") is not None


def standing(store: StoreFolder) -> tuple[object, ...]:
    """Return what differs as soon as anything was said of a run, or found out; () without runs."""
    row = store.metadata.one(
        "SELECT COUNT(*), MAX(seen), SUM(status = 'running'), COUNT(deleted) FROM runs"
    )
    return row if row and row[0] else ()


def projects(store: StoreFolder) -> list[str]:
    """Return the projects that have runs, in order, without what was deleted."""
    return [name for (name,) in store.metadata.all(
        f"SELECT DISTINCT project FROM runs WHERE NOT {GONE} ORDER BY project")]  # noqa: S608 - of our own words # fmt: skip


def names(
    store: StoreFolder, of: Literal["latest", "params"], project: str | None = None
) -> list[str]:
    """Return the names of metrics or params that the runs of a project have, or all; in order.

    Those of deleted runs do not count.
    """
    # From name to name by the index: reading all rows for them takes a tenth of a second.
    rows = store.metadata.all(
        f"WITH RECURSIVE names(key) AS (SELECT min(key) FROM {of} UNION ALL"  # noqa: S608 - of two words
        f" SELECT (SELECT min(key) FROM {of} WHERE key > names.key) FROM names"
        " WHERE names.key IS NOT NULL)"
        " SELECT key FROM names WHERE key IS NOT NULL AND EXISTS ("
        f"SELECT 1 FROM {of} AS had JOIN runs ON runs.id = had.run"
        f" WHERE had.key = names.key AND (?1 IS NULL OR runs.project = ?1) AND NOT {GONE})"
        " LIMIT ?2",
        project,
        _MOST_NAMES,
    )
    return [key for (key,) in rows]


def select(store: StoreFolder, rest: str, *values: object) -> list[RunRow]:
    """Return runs: `rest` is what follows ``SELECT ... FROM runs`` in a question of ours."""
    fields = ", ".join(f"runs.{name}" for name in _FIELDS.split(", "))
    return _rows(store, store.metadata.all(f"SELECT {fields} FROM runs {rest}", *values))  # noqa: S608 - of our own words


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
            user=user,
            deleted=None if deleted is None else moment(deleted),
            params={key: msgspec.json.decode(value)
                    for key, value in kept["params"].get(run, {}).items()},
            tags=kept["tags"].get(run, {}),
            metrics={key: math.nan if value is None else value
                     for key, value in kept["latest"].get(run, {}).items()},
        )
        for run, project, name, status, started, ended, parent, user, deleted in rows
    ]  # fmt: skip


def last_points(store: StoreFolder, runs: Sequence[str]) -> dict[str, list[Latest]]:
    """Return the last point of each metric of some runs, in the metrics' order."""
    found: dict[str, list[Latest]] = {}
    for run, key, value, step, time in store.metadata.all(
        "SELECT run, key, value, step, time FROM latest"
        " WHERE run IN (SELECT value FROM json_each(?)) ORDER BY key",
        msgspec.json.encode(runs).decode(),
    ):
        last = (run, key, math.nan if value is None else value, step, time)
        found.setdefault(run, []).append(last)
    return found


def text_of(param: object) -> str:
    """Return a param as the text that it is compared and shown as."""
    if isinstance(param, str):
        return param
    if isinstance(param, bool) or param is None:
        return str(param)
    return msgspec.json.encode(param).decode()


def _by_run(rows: Sequence[tuple[Any, ...]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run, key, value in rows:
        found.setdefault(run, {})[key] = value
    return found
