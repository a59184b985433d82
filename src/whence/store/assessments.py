"""Assessments: what people, programs and language models think of a trace or one of its spans."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.metadata import Metadata

__all__ = ["Assessment", "add", "change", "delete", "keep", "new_id", "of_id", "of_traces"]


class Assessment(NamedTuple):
    """One assessment; times in microseconds since 1970 (UTC).

    Attributes
    ----------
    span
        The id of the span that is meant; None for the whole trace.
    kind
        ``"feedback"``, ``"expectation"`` or ``"issue"``.
    value
        Anything that JSON holds.
    error
        Why there is no feedback: ``error_code``, ``error_message`` and ``stack_trace``.
    source_kind, source
        ``"HUMAN"``, ``"CODE"``, ``"LLM_JUDGE"``..., and who or what of it.
    run
        The run that made it.
    overrides, valid
        The assessment that it replaces; one that was replaced is not valid any more.
    """

    id: str
    trace: str
    span: str | None
    name: str
    kind: str
    value: object
    error: dict[str, str] | None
    source_kind: str
    source: str | None
    run: str | None
    rationale: str | None
    metadata: dict[str, str]
    created: int
    updated: int
    overrides: str | None = None
    valid: bool = True


_FIELDS = ", ".join(Assessment._fields)


def new_id() -> str:
    """Return an id for an assessment."""
    return f"a-{uuid.uuid4().hex}"


def add(metadata: Metadata, said: Assessment) -> bool:
    """Keep an assessment, and return whether what it overrides is there; in a transaction."""
    if said.overrides:
        if of_id(metadata, said.trace, said.overrides) is None:
            return False
        metadata.run("UPDATE assessments SET valid = 0 WHERE id = ?", said.overrides)
    _write(metadata, said)
    return True


def keep(metadata: Metadata, said: Assessment) -> None:
    """Keep an assessment as another store had it, all of it; the caller holds the transaction."""
    _write(metadata, said)


def change(metadata: Metadata, said: Assessment) -> None:
    """Keep an assessment as it is now; the caller holds the transaction."""
    _write(metadata, said._replace(updated=time.time_ns() // 1000))


def of_id(metadata: Metadata, trace: str, assessment: str) -> Assessment | None:
    """Return an assessment of a trace; None if there is none."""
    row = metadata.one(
        f"SELECT {_FIELDS} FROM assessments WHERE trace = ? AND id = ?",  # noqa: S608 - of fixed words
        *(trace, assessment),
    )
    return None if row is None else _read(row)


def of_traces(metadata: Metadata, traces: Sequence[str]) -> dict[str, list[Assessment]]:
    """Return the assessments of some traces, in the order in which they were made."""
    found: dict[str, list[Assessment]] = {}
    for row in metadata.all(
        f"SELECT {_FIELDS} FROM assessments WHERE trace IN (SELECT value FROM json_each(?))"  # noqa: S608 - of fixed words
        " ORDER BY created, rowid",
        msgspec.json.encode(list(traces)).decode(),
    ):
        one = _read(row)
        found.setdefault(one.trace, []).append(one)
    return found


def delete(metadata: Metadata, trace: str, assessment: str) -> None:
    """Remove an assessment: what it overrode is valid again; the caller holds the transaction."""
    found = of_id(metadata, trace, assessment)
    if found is None:
        return
    if found.overrides:
        metadata.run("UPDATE assessments SET valid = 1 WHERE id = ?", found.overrides)
    metadata.run("DELETE FROM assessments WHERE id = ?", assessment)


def _write(metadata: Metadata, said: Assessment) -> None:
    packed = said._replace(
        value=json.dumps(said.value, ensure_ascii=False, allow_nan=False),
        error=None if said.error is None else json.dumps(said.error),  # type: ignore[arg-type] # as its column holds it
        metadata=json.dumps(said.metadata, ensure_ascii=False),  # type: ignore[arg-type] # as above
    )
    changes = ", ".join(f"{name} = excluded.{name}" for name in Assessment._fields[2:])
    metadata.run(
        f"INSERT INTO assessments ({_FIELDS}) VALUES ({', '.join('?' * len(packed))})"  # noqa: S608 - of fixed words
        f" ON CONFLICT (id) DO UPDATE SET {changes}",
        *packed,
    )


def _read(row: tuple[Any, ...]) -> Assessment:
    found = Assessment(*row)
    error: Any = found.error
    said: Any = found.metadata
    return found._replace(
        value=json.loads(str(found.value)),
        error=None if error is None else json.loads(error),
        metadata=json.loads(said),
        valid=bool(found.valid),
    )
