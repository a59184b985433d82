"""The records of evaluation datasets: inputs, and what is expected of a model that gets them.

In one dataset no two records have the same inputs: what is said of inputs that are there changes
their record.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET, UnsetType

from whence.store import evaluation_datasets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = ["Record", "Said", "Upserted", "delete", "page", "upsert"]

_FIELDS = (
    "number, id, inputs, outputs, expectations, tags, source_kind, source, created, updated,"
    " created_by, updated_by"
)


class Said(NamedTuple):
    """What is said of a record; of one that is there, only what is said changes.

    Attributes
    ----------
    inputs
        What the model gets, by field.
    outputs
        What one answered, anything that JSON can hold; None takes it back.
    expectations
        What is expected, by name; added to what is there.
    tags
        Added to those that are there.
    source_kind, source
        Where the record comes from, and what names it there; of new records only.
    by
        Who says so.
    """

    inputs: dict[str, Any]
    outputs: Any | UnsetType = UNSET
    expectations: dict[str, Any] | None = None
    tags: dict[str, str] | None = None
    source_kind: str | None = None
    source: dict[str, Any] | None = None
    by: str | None = None


class Record(NamedTuple):
    """One record; `number` counts in the order of making; times are microseconds since 1970."""

    number: int
    id: str
    inputs: dict[str, Any]
    outputs: Any
    expectations: dict[str, Any] | None
    tags: dict[str, str]
    source_kind: str | None
    source: dict[str, Any] | None
    created: int
    updated: int
    created_by: str | None
    updated_by: str | None


class Upserted(NamedTuple):
    """How many records were new, and how many were there."""

    inserted: int
    updated: int


def upsert(metadata: Metadata, dataset: str, said: Sequence[Said]) -> Upserted | None:
    """Add records to a dataset, or change those of the same inputs; None if there is no such."""
    updated = 0
    with metadata.transaction():
        found = evaluation_datasets.find(metadata, dataset)
        if found is None:
            return None
        for one in said:
            digest = hashlib.sha256(json.dumps(one.inputs, sort_keys=True).encode()).hexdigest()
            before = _records(metadata, "dataset = ? AND digest = ?", (dataset, digest))
            if before:
                _change(metadata, before[0], one)
                updated += 1
            else:
                _insert(metadata, dataset, digest, one)
        people = [one.by for one in said if one.by is not None]
        schema = _schema(found.schema, said)
        evaluation_datasets.changed(metadata, found, schema, people[-1] if people else None)
    return Upserted(len(said) - updated, updated)


def _insert(metadata: Metadata, dataset: str, digest: str, said: Said) -> None:
    at = time.time_ns() // 1000
    outputs: Any = {} if said.outputs is UNSET else said.outputs
    metadata.run(
        "INSERT INTO evaluation_dataset_records (id, dataset, digest, inputs, outputs,"
        " expectations, tags, source_kind, source, created, updated, created_by, updated_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(f"dr-{uuid.uuid4().hex}", dataset, digest, json.dumps(said.inputs), _text(outputs)),
        *(_text(said.expectations), json.dumps(said.tags or {}), said.source_kind),
        *(_text(said.source), at, at, said.by, said.by),
    )


def _change(metadata: Metadata, record: Record, said: Said) -> None:
    outputs = record.outputs if said.outputs is UNSET else said.outputs
    expectations = record.expectations
    if said.expectations:
        expectations = (expectations or {}) | said.expectations
    metadata.run(
        "UPDATE evaluation_dataset_records SET outputs = ?, expectations = ?, tags = ?,"
        " updated = ?, updated_by = coalesce(?, updated_by) WHERE number = ?",
        *(_text(outputs), _text(expectations), json.dumps(record.tags | (said.tags or {}))),
        *(time.time_ns() // 1000, said.by, record.number),
    )


def page(metadata: Metadata, dataset: str, *, after: int = 0, limit: int = -1) -> list[Record]:
    """Return the records of a dataset in the order of their making.

    Parameters
    ----------
    after
        The number of the last record of the page before.
    limit
        How many; all for a negative one.
    """
    return _records(metadata, "dataset = ? AND number > ?", (dataset, after), limit)


def delete(metadata: Metadata, dataset: str, records: Sequence[str]) -> int:
    """Delete records of a dataset by id, and return how many were there."""
    with metadata.transaction():
        wanted = json.dumps(list(records))
        within = "dataset = ? AND id IN (SELECT value FROM json_each(?))"
        gone = len(_records(metadata, within, (dataset, wanted)))
        metadata.run(f"DELETE FROM evaluation_dataset_records WHERE {within}", dataset, wanted)  # noqa: S608 - of fixed words
    return gone


def _records(
    metadata: Metadata, where: str, values: Sequence[object], limit: int = -1
) -> list[Record]:
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM evaluation_dataset_records WHERE {where}"  # noqa: S608 - of fixed words
        " ORDER BY number LIMIT ?",
        *(*values, limit),
    )
    return [
        Record(
            number=row[0],
            id=row[1],
            inputs=json.loads(row[2]),
            outputs=_value(row[3]),
            expectations=_value(row[4]),
            tags=json.loads(row[5]),
            source_kind=row[6],
            source=_value(row[7]),
            created=row[8],
            updated=row[9],
            created_by=row[10],
            updated_by=row[11],
        )
        for row in rows
    ]


# Python's own JSON, not msgspec's: programs send NaN and Infinity as they are.
def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _value(text: str | None) -> Any:  # noqa: ANN401 - JSON can be anything
    return None if text is None else json.loads(text)


def _schema(before: str | None, said: Iterable[Said]) -> str:
    """Return the kinds of all fields that records have had; of each the first that was seen."""
    schema: dict[str, Any] = (
        {"inputs": {}, "outputs": {}, "expectations": {}, "version": "1.0"}
        if before is None
        else json.loads(before)
    )
    for one in said:
        _add_kinds(schema["inputs"], one.inputs)
        _add_kinds(schema["expectations"], one.expectations or {})
        outputs = None if one.outputs is UNSET else one.outputs
        if isinstance(outputs, dict) and isinstance(schema["outputs"], dict):
            _add_kinds(schema["outputs"], outputs)
        elif outputs is not None and not schema["outputs"]:
            schema["outputs"] = _kind(outputs)
    return json.dumps(schema)


def _add_kinds(kinds: dict[str, str], fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        kinds.setdefault(name, _kind(value))


_KINDS = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    list: "array",
    dict: "object",
}


def _kind(value: object) -> str:
    return _KINDS[type(value)]
