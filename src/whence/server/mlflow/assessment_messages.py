"""Assessments as MLflow's clients send and read them."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.trace_times import timestamp, timestamp_of
from whence.server.mlflow.wire import Message, Refused
from whence.store import assessments
from whence.store.assessments import Assessment

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["Sent", "assessment_message", "expected", "felt", "read_assessment"]

_SOURCES = ("SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE")
"""The enumeration of the proto file, from 0."""

_SOURCE_RUN = "mlflow.assessment.sourceRunId"
_FORMAT = "JSON_FORMAT"
_LARGEST = int(sys.float_info.max)


class Source(Message):
    """Who assessed."""

    source_type: str | int = 0
    source_id: str = ""


class Error(Message):
    """Why there is no feedback."""

    error_code: str = ""
    error_message: str = ""
    stack_trace: str = ""


class Felt(Message):
    """Feedback."""

    value: Any = None
    error: Error | None = None


class Serialized(Message):
    """A value as a text."""

    serialization_format: str = ""
    value: str = ""


class Expected(Message):
    """An expectation."""

    value: Any = None
    serialized_value: Serialized | None = None


class Issue(Message):
    """That something is an issue."""

    issue_name: str = ""


class Sent(Message):
    """An assessment as it is sent."""

    assessment_id: str = ""
    assessment_name: str = ""
    span_id: str = ""
    source: Source = msgspec.field(default_factory=Source)
    create_time: str = ""
    last_update_time: str = ""
    feedback: Felt | UnsetType = UNSET
    expectation: Expected | UnsetType = UNSET
    issue: Issue | UnsetType = UNSET
    rationale: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    overrides: str = ""
    valid: bool = True


def read_assessment(sent: Sent, trace: str) -> Assessment:
    """Return an assessment that is to be made.

    Raises
    ------
    Refused
        If it says nothing.
    """
    kind, value, error = _said(sent)
    now = time.time_ns() // 1000
    return Assessment(
        id=sent.assessment_id or assessments.new_id(),
        trace=trace,
        span=sent.span_id or None,
        name=sent.assessment_name,
        kind=kind,
        value=value,
        error=error,
        source_kind=_source(sent.source.source_type),
        source=sent.source.source_id or None,
        run=sent.metadata.get(_SOURCE_RUN),
        rationale=sent.rationale or None,
        metadata=sent.metadata,
        created=timestamp_of(sent.create_time) if sent.create_time else now,
        updated=timestamp_of(sent.last_update_time) if sent.last_update_time else now,
        overrides=sent.overrides or None,
    )


def felt(said: Felt) -> tuple[object, dict[str, str] | None]:
    """Return the value of feedback, and why there is none."""
    return _as_proto(said.value), None if said.error is None else msgspec.to_builtins(said.error)


def expected(said: Expected) -> object:
    """Return what is expected.

    Raises
    ------
    Refused
        If nothing is, or its format is not known.
    """
    if said.serialized_value is None:
        if said.value is None:
            raise Refused("INVALID_PARAMETER_VALUE", "The `value` field must be specified.")
        return _as_proto(said.value)
    if said.serialized_value.serialization_format != _FORMAT:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Unknown serialization format: {said.serialized_value.serialization_format}. "
            "Only JSON_FORMAT is supported.",
        )
    try:
        value: object = json.loads(said.serialized_value.value)
    except ValueError as error:
        raise _no_json(str(error)) from None
    _as_proto(value)
    return value


def assessment_message(found: Assessment) -> dict[str, Any]:
    """Return an assessment as clients read it."""
    said: dict[str, Any] = {
        "assessment_id": found.id,
        "assessment_name": found.name,
        "trace_id": found.trace,
        "source": {"source_type": found.source_kind}
        | ({} if found.source is None else {"source_id": found.source}),
        "create_time": timestamp(found.created),
        "last_update_time": timestamp(found.updated),
        found.kind: _value_message(found),
        "valid": found.valid,
    }
    perhaps = {
        "span_id": found.span,
        "rationale": found.rationale,
        "metadata": found.metadata,
        "overrides": found.overrides,
    }
    return said | {name: value for name, value in perhaps.items() if value}


def _value_message(found: Assessment) -> object:
    if found.kind == "expectation" and isinstance(found.value, dict | list):
        text = json.dumps(found.value)
        return {"serialized_value": {"serialization_format": _FORMAT, "value": text}}
    if found.kind == "issue":
        return found.value
    return {"value": found.value} | ({} if found.error is None else {"error": found.error})


def _said(
    sent: Sent,
) -> tuple[Literal["feedback", "expectation", "issue"], object, dict[str, str] | None]:
    if isinstance(sent.expectation, Expected):
        return "expectation", expected(sent.expectation), None
    if isinstance(sent.feedback, Felt):
        return "feedback", *felt(sent.feedback)
    if isinstance(sent.issue, Issue):
        return "issue", {"issue_name": sent.issue.issue_name}, None
    raise Refused("INVALID_PARAMETER_VALUE", "Unknown assessment type: None")


def _source(said: str | int) -> str:
    if isinstance(said, int):
        return _SOURCES[said] if 0 <= said < len(_SOURCES) else _SOURCES[0]
    return said if said in _SOURCES else _SOURCES[0]


def _no_json(why: str) -> Refused:
    return Refused("INVALID_PARAMETER_VALUE", f"The value is no JSON: {why}")


def _as_proto(value: object) -> object:
    """Return a value as protobuf's JSON has it, whose numbers all have a fraction.

    Raises
    ------
    Refused
        If a number is none.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise _no_json(f"it holds {value}")
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) <= _LARGEST else value
    if isinstance(value, list):
        return [_as_proto(one) for one in value]
    if isinstance(value, dict):
        return {key: _as_proto(one) for key, one in value.items()}
    return value
