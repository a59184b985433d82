"""The records of evaluation datasets: sent and read as JSON within the JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import evaluation_records
from whence.store.evaluation_records import Said
from whence.store.paging import offset_of, token_of
from whence.store.runs import text_of

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.evaluation_records import Record

__all__ = ["RECORDS"]

_USER = "mlflow.user"
"""The tag that says who says so."""

_PAGE = 1000
_TRACE = "TRACE"
_SOURCES = ["UNSPECIFIED", _TRACE, "HUMAN", "DOCUMENT", "CODE"]


class SentSource(Message):
    """Where a record comes from."""

    source_type: str
    source_data: dict[str, Any] | None = None


class SentRecord(Message):
    """A record, as it is sent."""

    inputs: dict[str, Any] = msgspec.field(default_factory=dict)
    outputs: Any | UnsetType = UNSET
    expectations: dict[str, Any] | None = None
    tags: dict[str, Any] | None = None
    source: SentSource | None = None


class Upsert(Message):
    """Records, a list as JSON."""

    dataset_id: str
    records: str


class Counts(Message):
    """How many records were new, and how many were there."""

    inserted_count: int
    updated_count: int


class Get(Message):
    """A page of records."""

    dataset_id: str
    max_results: int = _PAGE
    page_token: str = ""


class Page(Message):
    """Records, a list as JSON, and the token of those after them."""

    records: str
    next_page_token: str = ""


class Delete(Message):
    """Records to delete."""

    dataset_id: str
    dataset_record_ids: list[str] = msgspec.field(default_factory=list)


def _upsert(shared: Shared, asked: Upsert) -> Counts:
    try:
        sent = msgspec.convert(json.loads(asked.records), list[SentRecord])
    except (ValueError, msgspec.ValidationError) as error:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Invalid records: {error}; give a list of objects as JSON."
        ) from None
    said = [_said(one) for one in sent]
    done = evaluation_records.upsert(shared.store.metadata, asked.dataset_id, said)
    if done is None:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST", f"Evaluation dataset with id '{asked.dataset_id}' not found"
        )
    return Counts(inserted_count=done.inserted, updated_count=done.updated)


def _said(sent: SentRecord) -> Said:
    tags = None if sent.tags is None else {key: text_of(tag) for key, tag in sent.tags.items()}
    source = sent.source
    kind = None if source is None else source.source_type.upper()
    if kind is not None and kind not in _SOURCES:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid dataset record source type: {kind}. Valid source types: {_SOURCES}",
        )
    return Said(
        inputs=sent.inputs,
        outputs=sent.outputs,
        expectations=sent.expectations,
        tags=tags,
        source_kind=kind,
        source=None if source is None else source.source_data or {},
        by=(tags or {}).get(_USER),
    )


def _get(shared: Shared, asked: Get) -> Page:
    most = asked.max_results or _PAGE
    if most < 1:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive "
            "integer.",
        )
    after = offset_of(asked.page_token)
    found = evaluation_records.page(
        shared.store.metadata, asked.dataset_id, after=after, limit=most + 1
    )
    shown = found[:most]
    return Page(
        records=json.dumps([_shown(asked.dataset_id, one) for one in shown]),
        next_page_token=token_of(shown[-1].number) if len(found) > most else "",
    )


def _shown(dataset: str, record: Record) -> dict[str, Any]:
    """Return a record as clients read it; what is None is left out."""
    source, kind = record.source, record.source_kind
    found = {
        "dataset_record_id": record.id,
        "dataset_id": dataset,
        "inputs": record.inputs,
        "expectations": record.expectations,
        "tags": record.tags,
        "source": None if kind is None else {"source_type": kind, "source_data": source},
        "source_id": (source or {}).get("trace_id" if kind == _TRACE else "source_id"),
        "source_type": kind,
        "created_time": record.created // 1000,
        "last_update_time": record.updated // 1000,
        "created_by": record.created_by,
        "last_updated_by": record.updated_by,
        "outputs": record.outputs,
    }
    return {name: value for name, value in found.items() if value is not None}


def _delete(shared: Shared, asked: Delete) -> dict[str, int]:
    gone = evaluation_records.delete(
        shared.store.metadata, asked.dataset_id, asked.dataset_record_ids
    )
    return {"deleted_count": gone}


_PATH = "3.0/mlflow/datasets/{dataset_id}/records"

RECORDS: tuple[Call, ...] = (
    Call("POST", _PATH, _upsert, Upsert),
    Call("GET", _PATH, _get, Get),
    Call("DELETE", _PATH, _delete, Delete),
)
