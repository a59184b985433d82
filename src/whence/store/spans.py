"""Spans: the pieces of work that a trace is made of, as they came.

Times of spans are nanoseconds since 1970 (UTC), as OpenTelemetry counts them; those of traces are
microseconds, as everywhere else here.
"""

from __future__ import annotations

import base64
import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = ["Event", "Link", "Span", "of_traces", "save"]


_BYTES, _NUMBER = "$bytes", "$number"
"""Keys of objects for what JSON has none of: bytes, and numbers that are not finite."""


class Event(NamedTuple):
    """Something that happened in a span; `time` in nanoseconds."""

    name: str
    time: int
    attributes: dict[str, Any]


class Link(NamedTuple):
    """Another span that has to do with one; its ids in hexadecimal digits."""

    trace: str
    span: str
    attributes: dict[str, Any]


class Span(NamedTuple):
    """One piece of work.

    Attributes
    ----------
    trace
        The trace's id in the store.
    id, parent
        16 hexadecimal digits; a root has no parent.
    kind
        What it does: ``"LLM"``, ``"TOOL"``, ``"RETRIEVER"``...; None if it does not say.
    status
        ``"UNSET"``, ``"OK"`` or ``"ERROR"``.
    started, ended
        Nanoseconds since 1970 (UTC); what is not over has no end.
    message
        What it says to its status.
    attributes, events, links
        As they came: texts, numbers, booleans, bytes, lists and objects of them, and None.
    more
        What else OpenTelemetry says of a span, by its names in OTLP's JSON: ``kind``,
        ``traceState``, ``flags``, ``droppedAttributesCount``...
    """

    trace: str
    id: str
    parent: str | None
    name: str
    kind: str | None
    status: str
    started: int
    ended: int | None
    message: str = ""
    attributes: Mapping[str, Any] = {}
    events: Sequence[Event] = ()
    links: Sequence[Link] = ()
    more: Mapping[str, Any] = {}


def save(metadata: Metadata, spans: Iterable[Span]) -> None:
    """Keep spans; of those said twice the later; the caller holds the transaction."""
    metadata.run_many(
        "INSERT INTO spans (trace, id, parent, name, kind, status, started, ended, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace, id) DO UPDATE SET"
        " parent = excluded.parent, name = excluded.name, kind = excluded.kind,"
        " status = excluded.status, started = excluded.started, ended = excluded.ended,"
        " content = excluded.content",
        [(*one[:8], _packed(one)) for one in spans],
    )


def of_traces(metadata: Metadata, traces: Sequence[str]) -> dict[str, list[Span]]:
    """Return the spans of some traces: of each its roots first, and then as they began."""
    found: dict[str, list[Span]] = {}
    for row in metadata.all(
        "SELECT trace, id, parent, name, kind, status, started, ended, content FROM spans"
        " WHERE trace IN (SELECT value FROM json_each(?))"
        " ORDER BY parent IS NOT NULL, started, rowid",
        msgspec.json.encode(list(traces)).decode(),
    ):
        found.setdefault(row[0], []).append(Span._make((*row[:-1], *_unpacked(row[-1]))))
    return found


def _packed(span: Span) -> str:
    """Return what has no column as JSON; what is empty is left out."""
    said = {
        "message": span.message,
        "attributes": span.attributes,
        "events": [one._asdict() for one in span.events],
        "links": [one._asdict() for one in span.links],
        "more": span.more,
    }
    kept = {name: value for name, value in said.items() if value}
    try:
        return _json(kept)
    except ValueError:
        return _json(_tagged(kept))


def _json(value: object) -> str:
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_tagged
    )


def _tagged(value: object) -> object:
    """Return a value with what JSON cannot hold as an object of one key, that says what it is."""
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(value)}
    if isinstance(value, list):
        return [_tagged(one) for one in value]
    if isinstance(value, dict):
        return {key: _tagged(one) for key, one in value.items()}
    return value


def _untagged(said: dict[str, Any]) -> object:
    if len(said) == 1:
        if isinstance(said.get(_BYTES), str):
            return base64.b64decode(said[_BYTES])
        if isinstance(said.get(_NUMBER), str):
            return float(said[_NUMBER])
    return said


def _unpacked(content: str) -> tuple[str, dict[str, Any], list[Event], list[Link], dict[str, Any]]:
    is_tagged = _BYTES in content or _NUMBER in content
    said = json.loads(content, object_hook=_untagged if is_tagged else None)
    return (
        said.get("message", ""),
        said.get("attributes", {}),
        [Event(**one) for one in said.get("events", [])],
        [Link(**one) for one in said.get("links", [])],
        said.get("more", {}),
    )
