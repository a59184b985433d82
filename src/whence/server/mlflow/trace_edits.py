"""Changes of traces over MLflow's API: tags, ties to runs and prompts, and removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.server.mlflow.experiments import experiment
from whence.server.mlflow.rules import check_length, check_name
from whence.server.mlflow.traces import OfTrace, trace_of
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import traces

if TYPE_CHECKING:
    from whence.server.shared import Shared

__all__ = ["TRACE_EDITS"]

_NAME = "mlflow.traceName"
_IMMUTABLE = {
    "mlflow.trace.spansLocation",
    "mlflow.trace.archiveLocation",
    "mlflow.trace.archivalFailure",
}
_KEY, _TAG, _LONGEST_NAME = 250, 8000, 4096
"""In characters; a tag's value that is longer is cut."""

_LATEST = 2**63 - 1
"""SQLite's largest integer."""

_MOST_LINKED = 100
"""Traces tied to a run at once."""


class Delete(Message):
    """Which traces of an experiment go."""

    experiment_id: str
    max_timestamp_millis: int | None = None
    max_traces: int | None = None
    request_ids: list[str] = msgspec.field(default_factory=list)


class SetTag(OfTrace):
    """A tag."""

    key: str
    value: str = ""


class UnsetTag(OfTrace):
    """A tag to remove."""

    key: str


class LinkToRun(Message):
    """Traces that have to do with a run."""

    trace_ids: list[str]
    run_id: str


class Version(Message):
    """A version of a prompt."""

    name: str = ""
    version: str = ""


class LinkPrompts(Message):
    """Prompts that a trace used."""

    trace_id: str
    prompt_versions: list[Version]


def _delete(shared: Shared, asked: Delete) -> dict[str, int]:
    """Remove traces, and tell how many."""
    until, most, ids = asked.max_timestamp_millis, asked.max_traces, asked.request_ids
    wrong = ""
    if until is None and not ids:
        wrong = "Either `max_timestamp_millis` or `trace_ids` must be specified."
    elif until is not None and ids:
        wrong = "Only one of `max_timestamp_millis` and `trace_ids` can be specified."
    elif ids and most is not None:
        wrong = "`max_traces` can't be specified if `trace_ids` is specified."
    elif most is not None and most <= 0:
        wrong = f"`max_traces` must be a positive integer, received {most}."
    if wrong:
        raise Refused("INVALID_PARAMETER_VALUE", wrong)
    gone = traces.delete(
        shared.store.metadata,
        experiment(shared, asked.experiment_id).id,
        traces=ids or None,
        until=None if until is None else min(1000 * until + 999, _LATEST),
        most=most,
    )
    return {"traces_deleted": gone}


def _set_tag(shared: Shared, asked: SetTag) -> None:
    _must_be_mutable(asked.key, "set")
    check_name(asked.key, "key")
    check_length("key", _KEY, asked.key)
    if asked.key == _NAME:
        check_length("Trace name", _LONGEST_NAME, asked.value)
    metadata = shared.store.metadata
    with metadata.transaction():
        trace = trace_of(shared, asked.trace_id)
        if asked.key == _NAME:
            traces.rename(metadata, trace.id, asked.value)
        else:
            traces.set_tags(metadata, trace.id, {asked.key: asked.value[:_TAG]})


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    if asked.key != "mlflow.trace.archivalFailure":
        _must_be_mutable(asked.key, "deleted")
    metadata = shared.store.metadata
    with metadata.transaction():
        if asked.key == _NAME:
            had = traces.rename(metadata, asked.trace_id, None)
        else:
            had = traces.unset_tag(metadata, asked.trace_id, asked.key)
    if not had:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"No trace tag with key '{asked.key}' for trace with ID '{asked.trace_id}'",
        )


def _must_be_mutable(key: str, verb: str) -> None:
    if key in _IMMUTABLE:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Tag '{key}' is immutable and cannot be {verb} on a trace."
        )


def _link_to_run(shared: Shared, asked: LinkToRun) -> None:
    if len(asked.trace_ids) > _MOST_LINKED:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Cannot link more than {_MOST_LINKED} traces to a run in a single request. Provided "
            f"{len(asked.trace_ids)} traces.",
        )
    metadata = shared.store.metadata
    with metadata.transaction():
        traces.link(metadata, asked.trace_ids, "run", [asked.run_id])


def _link_prompts(shared: Shared, asked: LinkPrompts) -> None:
    metadata, targets = shared.store.metadata, []
    for one in asked.prompt_versions:
        if not one.version.isdecimal():
            raise Refused(
                "INVALID_PARAMETER_VALUE", f"The version {one.version!r} of a prompt is no number."
            )
        targets.append(f"{one.name}/{int(one.version)}")
    with metadata.transaction():
        trace_of(shared, asked.trace_id)
        traces.link(metadata, [asked.trace_id], "prompt", targets)


_V2, _V3 = "2.0/mlflow/traces", "3.0/mlflow/traces"

TRACE_EDITS: tuple[Call, ...] = (
    *(
        call
        for version in (_V2, _V3)
        for call in (
            Call("POST", f"{version}/delete-traces", _delete, Delete),
            Call("PATCH", f"{version}/{{trace_id}}/tags", _set_tag, SetTag),
            Call("DELETE", f"{version}/{{trace_id}}/tags", _unset_tag, UnsetTag),
        )
    ),
    Call("POST", f"{_V2}/link-to-run", _link_to_run, LinkToRun),
    Call("POST", f"{_V2}/link-prompts", _link_prompts, LinkPrompts),
)
