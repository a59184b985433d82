"""Traces as clients of MLflow 2 tell and read them: the second version of the API."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from whence.server.mlflow.experiments import Pair, Tag, experiment, must_be_active, place_of
from whence.server.mlflow.rules import invalid
from whence.server.mlflow.trace_messages import kept, metadata_of, state, tags_of
from whence.server.mlflow.trace_search import Page, found
from whence.server.mlflow.traces import trace_of
from whence.server.mlflow.wire import Call, Message, required
from whence.store import projects, traces
from whence.store.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from whence.server.shared import Shared

__all__ = ["OLD_TRACES"]

_LATEST = 253_402_300_799_999
"""Milliseconds since 1970 of the last moment of the year 9999."""

_UNSPECIFIED = ("STATE_UNSPECIFIED", "TRACE_STATUS_UNSPECIFIED")
"""What this version calls it."""


class Start(Message):
    """A trace that begins."""

    experiment_id: str = ""
    timestamp_ms: int = 0
    request_metadata: list[Pair] = msgspec.field(default_factory=list)
    tags: list[Pair] = msgspec.field(default_factory=list)


class OfTrace(Message):
    """One trace, by its path."""

    request_id: str

    def __post_init__(self) -> None:
        self.request_id = unquote(self.request_id)


class End(OfTrace):
    """A trace that is over."""

    timestamp_ms: int = 0
    status: str | int = 0
    request_metadata: list[Pair] = msgspec.field(default_factory=list)
    tags: list[Pair] = msgspec.field(default_factory=list)


class InExperiments(Page, kw_only=True):
    """Traces of some experiments."""

    experiment_ids: list[str]


def _start(shared: Shared, asked: Start) -> dict[str, Any]:
    required(asked.experiment_id, "experiment_id")
    _check_time(asked.timestamp_ms)
    project = experiment(shared, asked.experiment_id)
    must_be_active(project)
    begun = Trace(
        uuid.uuid4().hex, project.id, None, "IN_PROGRESS", 1000 * asked.timestamp_ms, None
    )
    told = kept(begun, _dict(asked.tags), _dict(asked.request_metadata))
    with shared.store.metadata.transaction():
        traces.put(shared.store.metadata, told)
    return {"trace_info": _message(shared, told)}


def _check_time(millis: int) -> None:
    if not 0 <= millis <= _LATEST:
        invalid("timestamp_ms", millis)


def _end(shared: Shared, asked: End) -> dict[str, Any]:
    _check_time(asked.timestamp_ms)
    with shared.store.metadata.transaction():
        before = trace_of(shared, asked.request_id)
        over = before._replace(
            state=state("STATE_UNSPECIFIED" if asked.status in _UNSPECIFIED else asked.status),
            duration=1000 * asked.timestamp_ms - before.started,
        )
        told = kept(over, _dict(asked.tags), _dict(asked.request_metadata))
        traces.put(shared.store.metadata, told)
    return {"trace_info": _message(shared, trace_of(shared, asked.request_id))}


def _info(shared: Shared, asked: OfTrace) -> dict[str, Any]:
    return {"trace_info": _message(shared, trace_of(shared, asked.request_id))}


def _search(shared: Shared, asked: InExperiments) -> dict[str, Any]:
    page, token = found(shared, asked, asked.experiment_ids)
    said: dict[str, Any] = {"traces": [_message(shared, one) for one in page]} if page else {}
    return said | ({"next_page_token": token} if token else {})


def _message(shared: Shared, trace: Trace) -> dict[str, Any]:
    project = projects.of_id(shared.store.metadata, trace.project)
    place = "" if project is None else place_of(project)
    return {
        "request_id": trace.id,
        "experiment_id": str(trace.project),
        "timestamp_ms": trace.started // 1000,
        "execution_time_ms": (trace.duration or 0) // 1000,
        "status": _UNSPECIFIED[1] if trace.state == _UNSPECIFIED[0] else trace.state,
        "request_metadata": _pairs(metadata_of(trace)),
        "tags": _pairs(tags_of(trace, place)),
    }


def _dict(pairs: Iterable[Pair]) -> dict[str, str]:
    return {pair.key: pair.value for pair in pairs}


def _pairs(said: Mapping[str, str]) -> list[Tag]:
    return [Tag(key=key, value=value) for key, value in said.items()]


_V2 = "2.0/mlflow/traces"

OLD_TRACES: tuple[Call, ...] = (
    Call("POST", _V2, _start, Start),
    Call("GET", _V2, _search, InExperiments),
    Call("PATCH", f"{_V2}/{{request_id}}", _end, End),
    Call("GET", f"{_V2}/{{request_id}}/info", _info, OfTrace),
)
