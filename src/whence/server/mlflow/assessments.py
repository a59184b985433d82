"""Assessments over MLflow's API: made, read, changed and removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from whence.server.mlflow.assessment_messages import (
    Expected,
    Felt,
    Sent,
    assessment_message,
    expected,
    felt,
    read_assessment,
)
from whence.server.mlflow.traces import OfTrace, trace_of
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import assessments, traces

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.assessments import Assessment

__all__ = ["ASSESSMENTS"]

_CAPITAL = re.compile(r"[A-Z]")


class Create(OfTrace):
    """A new assessment."""

    assessment: Sent


class Of(OfTrace):
    """One assessment of a trace."""

    assessment_id: str

    def __post_init__(self) -> None:
        self.trace_id, self.assessment_id = unquote(self.trace_id), unquote(self.assessment_id)


class Mask(Message):
    """Which fields are meant."""

    paths: list[str]


class Update(Of):
    """What changes of an assessment: the fields that the mask names."""

    assessment: Sent
    update_mask: str | Mask


def _create(shared: Shared, asked: Create) -> dict[str, Any]:
    metadata, made = shared.store.metadata, read_assessment(asked.assessment, asked.trace_id)
    with metadata.transaction():
        trace_of(shared, asked.trace_id)
        if assessments.of_id(metadata, made.trace, made.id) is not None:
            raise Refused(
                "INTERNAL_ERROR",
                f"Failed to create assessment for trace '{made.trace}' due to a constraint "
                "violation.",
            )
        if not assessments.add(metadata, made):
            raise _no_such(made.trace, str(made.overrides))
    return {"assessment": assessment_message(made)}


def _get(shared: Shared, asked: Of) -> dict[str, Any]:
    return {"assessment": assessment_message(_found(shared, asked))}


def _update(shared: Shared, asked: Update) -> dict[str, Any]:
    metadata = shared.store.metadata
    with metadata.transaction():
        changed = _changed(_found(shared, asked), asked.assessment, _paths(asked.update_mask))
        assessments.change(metadata, changed)
    return _get(shared, asked)


def _delete(shared: Shared, asked: Of) -> None:
    metadata = shared.store.metadata
    with metadata.transaction():
        assessments.delete(metadata, asked.trace_id, asked.assessment_id)


def _found(shared: Shared, asked: Of) -> Assessment:
    metadata = shared.store.metadata
    found = assessments.of_id(metadata, asked.trace_id, asked.assessment_id)
    if found is not None:
        return found
    if not traces.known(metadata, asked.trace_id):
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST", f"Trace with request_id '{asked.trace_id}' not found"
        )
    raise _no_such(asked.trace_id, asked.assessment_id)


def _no_such(trace: str, assessment: str) -> Refused:
    return Refused(
        "RESOURCE_DOES_NOT_EXIST",
        f"Assessment with ID '{assessment}' not found for trace '{trace}'",
    )


def _paths(mask: str | Mask) -> list[str]:
    """Return the fields of a mask, which protobuf writes in one text with capitals."""
    if isinstance(mask, Mask):
        return mask.paths
    return [_CAPITAL.sub(lambda one: f"_{one[0].lower()}", path) for path in mask.split(",")]


def _changed(before: Assessment, said: Sent, paths: list[str]) -> Assessment:
    after = before
    if "assessment_name" in paths:
        after = after._replace(name=said.assessment_name)
    if "expectation" in paths:
        _must_be(before, "expectation", "feedback")
        after = after._replace(value=expected(said.expectation or Expected()))
    if "feedback" in paths:
        _must_be(before, "feedback", "expectation")
        value, error = felt(said.feedback or Felt())
        after = after._replace(value=value, error=error)
    if "rationale" in paths and before.kind == "feedback":
        after = after._replace(rationale=said.rationale)
    if "metadata" in paths:
        after = after._replace(metadata=before.metadata | said.metadata)
    return after


def _must_be(before: Assessment, kind: str, other: str) -> None:
    if before.kind != kind:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Cannot update {kind} value on {'an' if other[0] == 'e' else 'a'} "
            f"{other.capitalize()} assessment.",
        )


_PATH = "3.0/mlflow/traces/{trace_id}/assessments"

ASSESSMENTS: tuple[Call, ...] = (
    Call("POST", _PATH, _create, Create),
    Call("GET", f"{_PATH}/{{assessment_id}}", _get, Of),
    Call("PATCH", f"{_PATH}/{{assessment_id}}", _update, Update),
    Call("DELETE", f"{_PATH}/{{assessment_id}}", _delete, Of),
)
