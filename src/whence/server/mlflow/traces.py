"""Traces: what applications did, told by MLflow's clients and read by them.

How they are changed is in trace_edits.py, how they are sought in trace_search.py.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from starlette.responses import Response

from whence.server.mlflow.artifact_files import sent_from
from whence.server.mlflow.artifact_paths import checked_path
from whence.server.mlflow.assessment_messages import read_assessment
from whence.server.mlflow.experiments import base_of, experiment, must_be_active
from whence.server.mlflow.span_messages import otlp_message, own_message
from whence.server.mlflow.trace_messages import HERE, LOCATION, Info, infos, read_trace
from whence.server.mlflow.wire import Call, Message, Refused, required
from whence.store import assessments, spans, traces
from whence.store.span_facts import meant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.spans import Span
    from whence.store.traces import Trace

__all__ = ["TRACES", "OfTrace", "trace_of"]

_SIZES = "mlflow.trace.sizeStats"
"""The metadata in which a client says how many spans there are."""

_FILE = "traces.json"
"""The file of a trace's spans."""

_PATIENCE, _PAUSE = 3.0, 0.05
"""Seconds: clients send the spans of a trace beside what they tell of it, so reading waits for
them, and looks so often."""


class Told(Message):
    """A trace, of which no spans are told here."""

    trace_info: Info = msgspec.field(default_factory=Info)


class Start(Message):
    """A trace that is over, whatever the call is named."""

    trace: Told


class OfTrace(Message):
    """One trace, by its path."""

    trace_id: str

    def __post_init__(self) -> None:
        self.trace_id = unquote(self.trace_id)


class Get(Message):
    """One trace with its spans."""

    trace_id: str
    allow_partial: bool = False


class Batch(Message):
    """Several traces with their spans."""

    trace_ids: list[str]
    experiment_ids: list[str] = msgspec.field(default_factory=list)


class Infos(Message):
    """Several traces without spans."""

    trace_ids: list[str]
    experiment_ids: list[str] | None = None


class OfFile(Message):
    """The file of a trace's spans, or one beside it."""

    request_id: str = ""
    path: str = ""


def trace_of(shared: Shared, trace: str) -> Trace:
    """Return a trace.

    Raises
    ------
    Refused
        If there is none of that id.
    """
    found = traces.of_ids(shared.store.metadata, [trace])
    if not found:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Trace with ID '{trace}' not found.")
    return found[0]


def _start(shared: Shared, asked: Start) -> dict[str, Any]:
    sent, metadata = asked.trace.trace_info, shared.store.metadata
    place = sent.trace_location.mlflow_experiment
    required(sent.trace_id, "trace.trace_info.trace_id")
    required(place and place.experiment_id, "trace.trace_info.trace_location")
    found = experiment(shared, place.experiment_id if place else "")
    must_be_active(found)
    told = read_trace(sent, found.id)
    assessed = [read_assessment(one, sent.trace_id) for one in sent.assessments]
    with metadata.transaction():
        traces.put(metadata, told)
        for one in assessed:
            if not assessments.add(metadata, one):
                raise Refused(
                    "RESOURCE_DOES_NOT_EXIST",
                    f"Assessment with ID '{one.overrides}' not found for trace '{one.trace}'",
                )
    return _shown(shared, trace_of(shared, sent.trace_id))


def _shown(shared: Shared, trace: Trace) -> dict[str, Any]:
    return {"trace": {"trace_info": infos(shared, [trace])[0]}}


def _info(shared: Shared, asked: OfTrace) -> dict[str, Any]:
    return _shown(shared, trace_of(shared, asked.trace_id))


def _get(shared: Shared, asked: Get) -> dict[str, Any]:
    trace, own = _whole(shared, asked.trace_id, partial=asked.allow_partial)
    (info,) = infos(shared, [trace])
    return {"trace": {"trace_info": info, "spans": [otlp_message(one) for one in own]}}


def _whole(shared: Shared, trace: str, *, partial: bool) -> tuple[Trace, list[Span]]:
    """Return a trace with all of its spans; unless those that are here will do, wait for all.

    Raises
    ------
    Refused
        If there is no such trace, its spans are kept elsewhere, or they do not arrive.
    """
    metadata, give_up = shared.store.metadata, time.monotonic() + _PATIENCE
    while True:
        found = traces.of_ids(metadata, [trace])
        if not found:
            raise Refused("RESOURCE_DOES_NOT_EXIST", f"Trace with ID {trace} is not found.")
        _must_be_here(found[0])
        own = spans.of_traces(metadata, [trace]).get(trace, [])
        if partial or _is_whole(found[0], own):
            return found[0], own
        if time.monotonic() >= give_up:
            raise Refused(
                "RESOURCE_DOES_NOT_EXIST",
                f"Trace with ID {trace} is not fully exported yet, please try again later.",
            )
        time.sleep(_PAUSE)


def _must_be_here(trace: Trace) -> None:
    if not trace.spans and trace.tags.get(LOCATION) != HERE:
        raise Refused("INTERNAL_ERROR", "Trace data not stored in tracking store")


def _is_whole(trace: Trace, own: Sequence[Span]) -> bool:
    """Return whether as many spans are here as its client said that there are."""
    said = trace.metadata.get(_SIZES)
    sizes = meant(said)
    number = sizes.get("num_spans") if isinstance(sizes, dict) else None
    return bool(own) and len(own) >= (number if isinstance(number, int) else 0)


def _batch(shared: Shared, asked: Batch) -> dict[str, Any]:
    metadata = shared.store.metadata
    found = _of_experiments(traces.of_ids(metadata, asked.trace_ids), asked.experiment_ids or None)
    for trace in found:
        _must_be_here(trace)
    own = spans.of_traces(metadata, [trace.id for trace in found])
    whole = [trace for trace in found if _is_whole(trace, own.get(trace.id, []))]
    shown = [
        {"trace_info": info, "spans": [otlp_message(one) for one in own[info["trace_id"]]]}
        for info in infos(shared, whole)
    ]
    return {"traces": shown} if shown else {}


def _infos(shared: Shared, asked: Infos) -> dict[str, Any]:
    found = traces.of_ids(shared.store.metadata, asked.trace_ids)
    shown = infos(shared, _of_experiments(found, asked.experiment_ids))
    return {"trace_infos": shown} if shown else {}


def _of_experiments(found: list[Trace], ids: Sequence[str] | None) -> list[Trace]:
    if ids is None:
        return found
    return [trace for trace in found if str(trace.project) in ids]


def _file(shared: Shared, asked: OfFile) -> Response:
    if not asked.request_id:
        raise Refused("BAD_REQUEST", 'Request must include the "request_id" query parameter.')
    if asked.path:
        return _beside(shared, asked.request_id, f"attachments/{asked.path}")
    found = traces.of_ids(shared.store.metadata, [asked.request_id])
    if found and not found[0].spans:
        return _beside(shared, asked.request_id, _FILE)
    _, own = _whole(shared, asked.request_id, partial=True)
    return Response(
        json.dumps({"spans": [own_message(one) for one in own]}, separators=(",", ":")),
        media_type="text/plain",
        headers={"Content-Disposition": f"attachment; filename={_FILE}"},
    )


def _beside(shared: Shared, trace: str, path: str) -> Response:
    """Return a file of a trace that its client sent as an artifact."""
    project = experiment(shared, str(trace_of(shared, trace).project))
    place = f"{base_of(project)}/traces/{trace}/artifacts"
    return sent_from(shared, place, checked_path(path))


_V3 = "3.0/mlflow/traces"

TRACES: tuple[Call, ...] = (
    Call("POST", _V3, _start, Start),
    Call("GET", f"{_V3}/get", _get, Get),
    Call("GET", f"{_V3}/batchGet", _batch, Batch),
    Call("POST", f"{_V3}/batchGetInfos", _infos, Infos),
    Call("GET", f"{_V3}/{{trace_id}}", _info, OfTrace),
    Call("GET", "2.0/mlflow/get-trace-artifact", _file, OfFile),
    Call("GET", "3.0/mlflow/get-trace-artifact", _file, OfFile),
)
