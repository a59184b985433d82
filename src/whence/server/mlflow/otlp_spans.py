"""OTLP's messages as spans of the store.

https://opentelemetry.io/docs/specs/otlp/#otlphttp; the messages are those of the package
opentelemetry-proto.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.json_format import MessageToDict, Parse, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from whence.errors import BadInput
from whence.server.mlflow.span_messages import PREFIX
from whence.store.span_facts import kind_of, text_of
from whence.store.spans import Event, Link, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

__all__ = ["NoSpan", "Received", "decode_json", "decode_protobuf", "received"]

_IDS = ("traceId", "spanId", "parentSpanId")
_STATUS = {0: "UNSET", 1: "OK", 2: "ERROR"}

_TAG = "mlflow.traceTag."
"""What MLflow's SDK writes before the tags of a trace, in the attributes of its root."""

_NAME = "mlflow.traceName"
_OF_THE_SDK = ("telemetry.sdk.", "mlflow.")
"""What of a resource says nothing of who made the spans."""

_SERVICE = "service.name"
_SHOWN_SERVICES = frozenset(
    {"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"}
)
"""Programs whose name MLflow's clients read in the attributes of a root, too."""

_MORE = {"trace_state", "flags", "kind", "dropped_attributes_count", "dropped_events_count",
         "dropped_links_count"}  # fmt: skip
"""What is kept of a span as it came, and shown to nobody yet."""


_TOO_LATE = 2**63
"""Nanoseconds are counted below it."""


class NoSpan(BadInput):
    """A span without the ids of its trace and of itself, or at no time that can be."""


class Received(NamedTuple):
    """Spans, and what came with them of their traces: tags and names, by trace."""

    spans: list[Span]
    tags: dict[str, dict[str, str]]
    names: dict[str, str]

    @property
    def rooted(self) -> list[str]:
        """The traces whose roots are among the spans."""
        return list({one.trace: None for one in self.spans if one.parent is None})


def decode_protobuf(body: bytes) -> ExportTraceServiceRequest:
    """Return a request in protobuf.

    Raises
    ------
    BadInput
        If it is none.
    """
    message = ExportTraceServiceRequest()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise BadInput(f"the body is no OTLP in protobuf: {error}") from None
    return message


def decode_json(body: bytes) -> ExportTraceServiceRequest:
    """Return a request in JSON.

    Raises
    ------
    BadInput
        If it is none.
    """
    message = ExportTraceServiceRequest()
    try:
        said = json.loads(body)
        _with_bytes(said)
        Parse(json.dumps(said), message, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"the body is no OTLP in JSON: {error}") from None
    return message


def _with_bytes(said: dict[str, Any]) -> None:
    """Write ids as protobuf's JSON has bytes: OTLP has hexadecimal digits there."""
    for resource in said.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                for of in (span, *span.get("links", [])):
                    for name in _IDS:
                        if of.get(name):
                            of[name] = base64.b64encode(bytes.fromhex(of[name])).decode()


def received(message: ExportTraceServiceRequest) -> Received:
    """Return the spans of a request.

    Raises
    ------
    NoSpan
        If one has no ids.
    """
    found = Received([], {}, {})
    for resource in message.resource_spans:
        of_resource = dict(_resource_tags(resource.resource.attributes))
        named = of_resource.get(_SERVICE)
        of_root = {_SERVICE: named} if named in _SHOWN_SERVICES else {}
        for scope in resource.scope_spans:
            for one in scope.spans:
                span = _span(one, of_root)
                found.spans.append(span)
                tags = found.tags.setdefault(span.trace, {})
                tags |= {key: value for key, value in of_resource.items() if key not in tags}
                if span.parent is None:
                    given = _given_tags(span)
                    tags |= given
                    if _NAME in given:
                        found.names[span.trace] = tags.pop(_NAME)
    return found


def _span(one: SpanMessage, of_root: Mapping[str, Any]) -> Span:
    if not one.trace_id or not one.span_id:
        raise NoSpan("a span needs a traceId and a spanId; send both")
    if max(one.start_time_unix_nano, one.end_time_unix_nano) >= _TOO_LATE:
        raise NoSpan("a time of a span lies beyond the year 2262; send nanoseconds since 1970")
    attributes = _attributes(one.attributes)
    if not one.parent_span_id:
        attributes |= of_root
    return Span(
        trace=PREFIX + one.trace_id.hex().zfill(32),
        id=one.span_id.hex().zfill(16),
        parent=one.parent_span_id.hex().zfill(16) if one.parent_span_id else None,
        name=one.name,
        kind=kind_of(attributes),
        status=_STATUS.get(one.status.code, "UNSET"),
        started=one.start_time_unix_nano,
        ended=one.end_time_unix_nano or None,
        message=one.status.message,
        attributes=attributes,
        events=[
            Event(event.name, event.time_unix_nano, _attributes(event.attributes))
            for event in one.events
        ],
        links=[
            Link(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes))
            for link in one.links
        ],
        more=_more(one),
    )


def _more(one: SpanMessage) -> dict[str, Any]:
    present = {field.name for field, _ in one.ListFields()} & _MORE
    if not present:
        return {}
    bare = SpanMessage(**{name: getattr(one, name) for name in present})
    said: dict[str, Any] = MessageToDict(bare)
    return said


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(said: AnyValue) -> Any:  # noqa: ANN401 - of any kind
    """Return a value: text, number, boolean, bytes, list, object or None."""
    match said.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_value(one) for one in said.array_value.values]
        case "kvlist_value":
            return _attributes(said.kvlist_value.values)
        case name:
            return getattr(said, name)


def _resource_tags(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, str]]:
    """Yield what a resource says of who made the spans, as tags."""
    for pair in pairs:
        if not pair.key.startswith(_OF_THE_SDK):
            value = _value(pair.value)
            yield pair.key, value if isinstance(value, str) else text_of(value)


def _given_tags(root: Span) -> dict[str, str]:
    return {
        key.removeprefix(_TAG): value if isinstance(value, str) else text_of(value)
        for key, value in root.attributes.items()
        if key.startswith(_TAG)
    }
