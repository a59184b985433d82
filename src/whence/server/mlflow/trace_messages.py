"""Traces as MLflow's clients send and read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from whence.errors import NotFound
from whence.server.mlflow.assessment_messages import Sent, assessment_message
from whence.server.mlflow.experiments import place_of
from whence.server.mlflow.rules import check_length
from whence.server.mlflow.trace_times import duration, duration_of, timestamp, timestamp_of
from whence.server.mlflow.wire import Message
from whence.store import assessments, projects, span_facts
from whence.store.span_conventions import GIVEN
from whence.store.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.server.shared import Shared
    from whence.store.assessments import Assessment

__all__ = [
    "HERE",
    "LOCATION",
    "Info",
    "Location",
    "infos",
    "kept",
    "metadata_of",
    "read_trace",
    "state",
    "tags_of",
]

LOCATION = "mlflow.trace.spansLocation"
"""The tag that says where the spans of a trace lie."""

HERE = "TRACKING_STORE"

_STATES = ("STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")
"""The enumeration of the proto file, from 0; of the second API TRACE_STATUS_UNSPECIFIED is 0."""

_NAME, _PLACE = "mlflow.traceName", "mlflow.artifactLocation"
_SESSION, _TOKENS, _COST = "mlflow.trace.session", "mlflow.trace.tokenUsage", "mlflow.trace.cost"
_FINAL = "mlflow.trace.infoFinalized"

_LONGEST_NAME, _LONGEST_SESSION = 4096, 250
_LONGEST_KEY, _LONGEST_TAG, _LONGEST_METADATA = 250, 4096, 250
"""In characters; what is longer is cut when it is read."""


class OfExperiment(Message):
    """An experiment."""

    experiment_id: str = ""


class Location(Message):
    """Where traces are: in an experiment, as far as we know."""

    type: str | int = ""
    mlflow_experiment: OfExperiment | None = None


class Info(Message):
    """What a trace is, as it is sent."""

    trace_id: str = ""
    client_request_id: str | None = None
    trace_location: Location = msgspec.field(default_factory=Location)
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str = ""
    execution_duration: str | UnsetType = UNSET
    state: str | int = 0
    trace_metadata: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    assessments: list[Sent] = msgspec.field(default_factory=list)


def read_trace(sent: Info, project: int) -> Trace:
    """Return a trace that its client tells; it is final.

    Raises
    ------
    Refused
        If its name or its session is too long.
    BadInput
        If a time is none.
    """
    return kept(
        Trace(
            id=sent.trace_id,
            project=project,
            name=None,
            state=state(sent.state),
            started=timestamp_of(sent.request_time) if sent.request_time else 0,
            duration=duration_of(sent.execution_duration) if sent.execution_duration else None,
            request=sent.request_preview,
            response=sent.response_preview,
            client=sent.client_request_id,
            final=True,
        ),
        sent.tags,
        sent.trace_metadata,
    )


def kept(trace: Trace, tags: Mapping[str, str], metadata: Mapping[str, str]) -> Trace:
    """Return a trace with tags and metadata, of which some are its fields.

    Raises
    ------
    Refused
        If its name or its session is too long.
    """
    tags, metadata = dict(tags), dict(metadata)
    name, session = tags.pop(_NAME, None), metadata.pop(_SESSION, None)
    check_length("Trace name", _LONGEST_NAME, name or "")
    check_length("Session ID", _LONGEST_SESSION, session or "")
    tokens = span_facts.tokens_of({GIVEN.tokens: metadata.pop(_TOKENS, None)})
    cost = span_facts.cost_of({GIVEN.cost: metadata.pop(_COST, None)})
    metadata.pop(_FINAL, None)
    return trace._replace(
        name=name,
        session=session,
        tokens=json.dumps(tokens) if tokens else None,
        cost=json.dumps(cost) if cost else None,
        tags=tags,
        metadata=metadata,
    )


def state(said: str | int) -> str:
    """Return a state by its name or its number in the proto file."""
    if isinstance(said, int):
        return _STATES[said] if 0 <= said < len(_STATES) else _STATES[0]
    return said if said in _STATES else _STATES[0]


def infos(shared: Shared, traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """Return traces as clients read them, without spans."""
    metadata = shared.store.metadata
    said = assessments.of_traces(metadata, [trace.id for trace in traces])
    places = {}
    for number in {trace.project for trace in traces}:
        project = projects.of_id(metadata, number)
        if project is None:
            raise NotFound(f"No Experiment with id={number} exists")
        places[number] = place_of(project)
    return [_info(trace, places[trace.project], said.get(trace.id, [])) for trace in traces]


def _info(trace: Trace, place: str, said: Sequence[Assessment]) -> dict[str, Any]:
    info: dict[str, Any] = {
        "trace_id": trace.id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": str(trace.project)},
        },
        "request_time": timestamp(trace.started),
        "state": trace.state,
        "tags": tags_of(trace, place),
    }
    perhaps = {
        "execution_duration": None if trace.duration is None else duration(trace.duration),
        "client_request_id": trace.client,
        "request_preview": trace.request,
        "response_preview": trace.response,
        "trace_metadata": metadata_of(trace) or None,
        "assessments": [assessment_message(one) for one in said] or None,
    }
    return info | {name: value for name, value in perhaps.items() if value is not None}


def tags_of(trace: Trace, place: str) -> dict[str, str]:
    """Return what clients know as the tags of a trace."""
    known = {_PLACE: f"{place}/traces/{trace.id}/artifacts"}
    if trace.spans:
        known[LOCATION] = HERE
    if trace.name is not None:
        known[_NAME] = trace.name
    return {
        key[:_LONGEST_KEY]: value[:_LONGEST_TAG]
        for key, value in (known | dict(trace.tags)).items()
    }


def metadata_of(trace: Trace) -> dict[str, str]:
    """Return what clients know as the metadata of a trace."""
    known = {
        _FINAL: "true" if trace.final else None,
        _SESSION: trace.session,
        _TOKENS: trace.tokens,
        _COST: trace.cost,
    }
    said = {key: value for key, value in known.items() if value is not None}
    return {
        key[:_LONGEST_KEY]: value[:_LONGEST_METADATA]
        for key, value in (dict(trace.metadata) | said).items()
    }
