"""Spans as MLflow's clients read them: in OTLP's JSON, and in MLflow's own.

Both hold what came, and what it means by MLflow's names: other makers of spans have other names
for what went in, what came out and what it cost (store/span_facts.py).
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

from whence.store import span_facts
from whence.store.span_conventions import GIVEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whence.store.spans import Link, Span

__all__ = ["PREFIX", "otlp_message", "own_message"]

PREFIX = "tr-"
"""What MLflow writes before OpenTelemetry's id of a trace."""

_REQUEST_ID = "mlflow.traceRequestId"


def otlp_message(span: Span) -> dict[str, Any]:
    """Return a span as OTLP's JSON has it, with the names of the proto files."""
    said: dict[str, Any] = {
        "trace_id": _base64(span.trace.removeprefix(PREFIX)),
        "span_id": _base64(span.id),
        "name": span.name,
        "start_time_unix_nano": span.started,
        "attributes": _key_values(_attributes(span)),
        "status": {},
    }
    if span.parent is not None:
        said["parent_span_id"] = _base64(span.parent)
    if span.ended is not None:
        said["end_time_unix_nano"] = span.ended
    if span.status != "UNSET":
        said["status"]["code"] = f"STATUS_CODE_{span.status}"
    if span.message:
        said["status"]["message"] = span.message
    events = [
        {"time_unix_nano": one.time, "name": one.name} | _some_attributes(one.attributes)
        for one in span.events
    ]
    links = [
        {"trace_id": _base64(one.trace), "span_id": _base64(one.span)}
        | _some_attributes(one.attributes)
        for one in span.links
    ]
    return said | ({"events": events} if events else {}) | ({"links": links} if links else {})


def own_message(span: Span) -> dict[str, Any]:
    """Return a span as MLflow's files of traces have it: each attribute is a JSON text."""
    return {
        "trace_id": _base64(span.trace.removeprefix(PREFIX)),
        "span_id": _base64(span.id),
        "parent_span_id": None if span.parent is None else _base64(span.parent),
        "name": span.name,
        "start_time_unix_nano": span.started,
        "end_time_unix_nano": span.ended,
        "events": [
            {"name": one.name, "time_unix_nano": one.time, "attributes": one.attributes}
            for one in span.events
        ],
        "status": {"code": f"STATUS_CODE_{span.status}", "message": span.message},
        "attributes": {key: span_facts.text_of(value) for key, value in _attributes(span).items()},
        "links": [_own_link(one) for one in span.links],
    }


def _own_link(link: Link) -> dict[str, Any]:
    attributes = {"attributes": link.attributes} if link.attributes else {}
    return {"trace_id": f"{PREFIX}{link.trace}", "span_id": link.span} | attributes


def _attributes(span: Span) -> dict[str, Any]:
    """Return a span's attributes with what they mean by MLflow's names."""
    own = {**span.attributes, _REQUEST_ID: span.trace}
    inputs = span_facts.inputs_of(own, span.events)
    outputs = span_facts.outputs_of(own, span.events)
    facts = {
        GIVEN.kind: span.kind,
        GIVEN.inputs: inputs,
        GIVEN.outputs: outputs,
        GIVEN.tokens: span_facts.tokens_of(own),
        GIVEN.tools: span_facts.tools_of(own),
        GIVEN.model: span_facts.model_of(own, inputs, outputs),
        GIVEN.provider: span_facts.provider_of(own),
        GIVEN.format: span_facts.format_of(own),
    }
    for key, value in facts.items():
        if value is not None and (key not in own or key == GIVEN.kind):
            own[key] = value
    return own


def _some_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"attributes": _key_values(attributes)} if attributes else {}


def _key_values(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key} | ({} if value is None else {"value": _any_value(span_facts.meant(value))})
        for key, value in attributes.items()
    ]


def _any_value(value: object) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind
    """Return a value as OTLP's AnyValue."""
    match value:
        case None:
            return {}
        case bool():
            return {"bool_value": value}
        case int():
            return {"int_value": value}
        case float():
            return {"double_value": value if math.isfinite(value) else _no_number(value)}
        case list():
            values = [_any_value(one) for one in value]
            return {"array_value": {"values": values} if values else {}}
        case dict():
            pairs = [{"key": key, "value": _any_value(one)} for key, one in value.items()]
            return {"kvlist_value": {"values": pairs} if pairs else {}}
        case str():
            return {"string_value": value}
        case bytes():
            return {"bytes_value": base64.b64encode(value).decode()}
    raise TypeError(f"an attribute holds no {type(value).__name__}")


def _no_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _base64(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode()
