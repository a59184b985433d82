"""What spans tell of their trace: when it ran, how it went, what it used.

A trace's spans come in any order and number of requests, perhaps before their trace was told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from whence.store import span_facts, spans, traces
from whence.store.previews import preview
from whence.store.span_conventions import COST, TOKENS
from whence.store.span_totals import Node, total
from whence.store.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.metadata import Metadata
    from whence.store.spans import Span

__all__ = ["add_spans", "totals"]

_USER = "mlflow.trace.user"
"""Under which name the metadata of a trace says for whom it worked."""

_OPEN = {"IN_PROGRESS", "STATE_UNSPECIFIED"}


class Told(NamedTuple):
    """What some spans of one trace tell of it; times in microseconds, of whole milliseconds."""

    started: int
    ended: int | None
    root: Span | None
    session: str | None
    user: str | None
    counted: bool


def add_spans(
    metadata: Metadata,
    project: int,
    added: Sequence[Span],
    tags: Mapping[str, Mapping[str, str]],
    names: Mapping[str, str],
) -> None:
    """Keep spans, and what they tell of their traces; the caller holds the transaction.

    Parameters
    ----------
    project
        The id of the project of traces that are not known yet.
    tags, names
        By trace: what the spans say of its tags and of its name.
    """
    by_trace: dict[str, list[Span]] = {}
    for span in added:
        by_trace.setdefault(span.trace, []).append(span)
    before = {trace.id: trace for trace in traces.of_ids(metadata, list(by_trace))}
    spans.save(metadata, added)
    told = {trace: _told(own) for trace, own in by_trace.items()}
    # A span and those below it may come in different requests, so all of them are counted.
    again = [trace for trace in told if trace in before and told[trace].counted]
    whole = by_trace | spans.of_traces(metadata, again)
    for trace, said in told.items():
        old = before.get(trace)
        new = _with_times(old, said) if old else _begun(trace, project, said)
        new = _with_root(new, said)
        if said.counted:
            new = _with_totals(new, whole[trace])
        user = {_USER: said.user} if said.user and _USER not in new.metadata else {}
        traces.put(
            metadata,
            new._replace(
                name=names.get(trace, new.name),
                session=said.session if new.session is None else new.session,
                tags=tags.get(trace, {}),
                metadata=user,
            ),
        )


def totals(of: Iterable[Span]) -> tuple[str | None, str | None]:
    """Return the tokens and the cost of a trace's spans as JSON; None where none were counted."""
    own = list(of)
    tokens = total([Node(one.id, one.parent, span_facts.tokens_of(one.attributes)) for one in own],
                   TOKENS[:3])  # fmt: skip
    cost = total([Node(one.id, one.parent, span_facts.cost_of(one.attributes)) for one in own],
                 COST)  # fmt: skip
    return _written(tokens, TOKENS), _written(cost, COST)


def _told(own: Sequence[Span]) -> Told:
    ends = [one.ended for one in own if one.ended is not None]
    facts = [one.attributes for one in own]
    return Told(
        started=_whole(min(one.started for one in own)),
        ended=_whole(max(ends)) if ends else None,
        root=next((one for one in own if one.parent is None), None),
        session=next(filter(None, map(span_facts.session_of, facts)), None),
        user=next(filter(None, map(span_facts.user_of, facts)), None),
        counted=any(
            span_facts.tokens_of(one) is not None or span_facts.cost_of(one) is not None
            for one in facts
        ),
    )


def _begun(trace: str, project: int, said: Told) -> Trace:
    duration = None if said.ended is None else said.ended - said.started
    return Trace(trace, project, None, "IN_PROGRESS", said.started, duration)


def _with_times(old: Trace, said: Told) -> Trace:
    """Return a trace that begins with its first span and ends with its last."""
    if old.final:
        return old
    started = min(old.started, said.started)
    ends = [] if said.ended is None else [said.ended]
    if old.duration is not None:
        ends.append(old.started + old.duration)
    return old._replace(started=started, duration=max(ends) - started if ends else None)


def _with_root(trace: Trace, said: Told) -> Trace:
    """Return a trace with what its root tells: how it went, what went in and came out."""
    root = said.root
    if root is None:
        return trace
    if trace.state in _OPEN:
        trace = trace._replace(state="ERROR" if root.status == "ERROR" else "OK")
    inputs = span_facts.inputs_of(root.attributes, root.events)
    outputs = span_facts.outputs_of(root.attributes, root.events)
    if trace.request is None and inputs is not None:
        trace = trace._replace(request=preview(inputs, "user"))
    if trace.response is None and outputs is not None:
        trace = trace._replace(response=preview(outputs, "assistant"))
    return trace


def _with_totals(trace: Trace, own: Iterable[Span]) -> Trace:
    tokens, cost = totals(own)
    if tokens is not None and not (trace.final and trace.tokens):
        trace = trace._replace(tokens=tokens)
    if cost is not None and not (trace.final and trace.cost):
        trace = trace._replace(cost=cost)
    return trace


def _written(sums: Mapping[str, float] | None, names: Sequence[str]) -> str | None:
    if sums is None:
        return None
    return json.dumps({name: sums[name] for name in names if name in sums})


def _whole(nanoseconds: int) -> int:
    """Return the microseconds of the millisecond that a time lies in: traces count those."""
    return nanoseconds // 1_000_000 * 1000
