"""What runs captured, in the database: facts once for all runs that share them, and output."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import BadInput
from whence.types.captured import KINDS, Captured, Environment, OutputPage, OutputPart
from whence.types.time import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.folder import StoreFolder
    from whence.store.metadata import Metadata
    from whence.types.records import Capture, Output

__all__ = ["add", "add_output", "forget", "of_run", "output", "plain", "text"]

MOST_PARTS = 200
"""Parts on one page of output: at most 13 MB, and mostly far less."""

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

_ENVIRONMENT = "environment"

_DIGEST = (
    "COALESCE(own.digest, (SELECT other.digest FROM captures AS other"
    " WHERE other.run = own.same_as AND other.kind = own.kind))"
)


def add(metadata: Metadata, said: Capture) -> None:
    """Keep what was captured of a run; said again, the later holds."""
    digest = None
    if said.payload is not None:
        digest = hashlib.sha256(said.payload).hexdigest()
        metadata.run(
            "INSERT INTO captured (digest, value) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
            *(digest, zlib.compress(said.payload)),
        )
    metadata.run(
        "INSERT INTO captures (run, kind, digest, same_as, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, kind) DO UPDATE SET digest = excluded.digest,"
        " same_as = excluded.same_as, at = excluded.at WHERE excluded.at >= at",
        *(said.run, said.kind, digest, said.same_as, said.at),
    )
    if said.kind == _ENVIRONMENT:
        _name_user(metadata, said)


def _name_user(metadata: Metadata, said: Capture) -> None:
    """Say who ran a run that has not said so: the user whose process it was."""
    if said.payload is not None:
        user = msgspec.msgpack.decode(said.payload, type=Environment).user
    else:
        row = metadata.one("SELECT user FROM runs WHERE id = ?", said.same_as)
        user = "" if row is None else str(row[0])
    metadata.run(
        "UPDATE runs SET user = ?1 WHERE user = '' AND (id = ?2 OR id IN"
        " (SELECT run FROM captures WHERE same_as = ?2 AND kind = ?3))",
        *(user, said.run, _ENVIRONMENT),
    )


def add_output(metadata: Metadata, parts: Sequence[Output]) -> None:
    """Keep parts of the output of runs; the same again changes nothing."""
    metadata.run_many(
        "INSERT INTO output (run, number, stream, at, text) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, number) DO NOTHING",
        [(part.run, part.number, part.stream, part.at, part.text) for part in parts],
    )


def of_run(store: StoreFolder, run: str) -> Captured:
    """Return what was captured of a run; empty for a run that captured nothing."""
    rows = store.metadata.all(
        "SELECT own.kind, captured.value FROM captures AS own"  # noqa: S608 - of fixed words
        f" JOIN captured ON captured.digest = {_DIGEST} WHERE own.run = ?",
        run,
    )
    found: dict[str, Any] = {
        kind: msgspec.msgpack.decode(zlib.decompress(value), type=KINDS[kind])
        for kind, value in rows
    }
    return Captured(**found)


def output(store: StoreFolder, run: str, start: int = 0) -> OutputPage:
    """Return a page of what a run's program printed, from line `start` on.

    Raises
    ------
    BadInput
        If that is no line.
    """
    if not 0 <= start <= _LARGEST:
        raise BadInput(f"start {start} is no line of an output; they count from 0")
    rows = store.metadata.all(
        "SELECT number, stream, at, text FROM output WHERE run = ? AND number >= ?"
        " ORDER BY number LIMIT ?",
        *(run, start, MOST_PARTS + 1),
    )
    parts = [
        OutputPart(number=number, stream=stream, at=moment(at), text=text)
        for number, stream, at, text in rows
    ]
    more = parts[MOST_PARTS].number if len(parts) > MOST_PARTS else None
    return OutputPage(parts=parts[:MOST_PARTS], next=more)


def plain(found: Captured) -> dict[str, Any]:
    """Return what was captured as dicts and lists, without what was not."""
    built: dict[str, Any] = msgspec.to_builtins(found)
    return {kind: value for kind, value in built.items() if value is not None}


def text(store: StoreFolder, run: str, stream: str | None = None) -> str:
    """Return all that a run's program printed, or what went to one stream."""
    rows = store.metadata.all(
        "SELECT text FROM output WHERE run = ?1 AND (?2 IS NULL OR stream = ?2) ORDER BY number",
        *(run, stream),
    )
    return "".join(part for (part,) in rows)


def forget(metadata: Metadata, runs: Iterable[str]) -> None:
    """Forget what was captured of runs, but for what others share; inside a transaction."""
    gone = [(run,) for run in runs]
    # Runs that only refer to one that goes learn what they referred to.
    metadata.run_many(
        f"UPDATE captures AS own SET digest = {_DIGEST}, same_as = NULL WHERE own.same_as = ?",  # noqa: S608 - of fixed words
        gone,
    )
    metadata.run_many("DELETE FROM captures WHERE run = ?", gone)
    metadata.run_many("DELETE FROM output WHERE run = ?", gone)
    metadata.run(
        "DELETE FROM captured WHERE NOT EXISTS"
        " (SELECT 1 FROM captures WHERE captures.digest = captured.digest)"
    )
