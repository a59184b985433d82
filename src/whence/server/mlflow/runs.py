"""Runs: begun, changed and read one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.server.mlflow.experiments import Pair, experiment, must_be_active
from whence.server.mlflow.names import invented_name
from whence.server.mlflow.rules import check_param, check_tag
from whence.server.mlflow.run_messages import NAME, PARENT, STATUS, Info, Run, run_messages
from whence.server.mlflow.wire import Call, Message, Refused, required
from whence.store import run_edits, runs

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.run_edits import Head

__all__ = ["RUNS", "Create", "OfRun", "active_run", "begin", "read_run", "set_tags"]

_FROM_STATUS = {said: ours for ours, said in STATUS.items() if ours != "unknown"}
_NUMBERS = dict(enumerate(("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"), start=1))
"""The numbers of the enumeration in the proto file."""


class Create(Message):
    """A new run."""

    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: int | None = None
    tags: list[Pair] = msgspec.field(default_factory=list)


class OfRun(Message, kw_only=True):
    """One run; `run_uuid` is what old clients say."""

    run_id: str = ""
    run_uuid: str = ""

    @property
    def run(self) -> str:
        """The id; refused where neither was said."""
        required(self.run_id or self.run_uuid, "run_id")
        return self.run_id or self.run_uuid


class Update(OfRun):
    """What changes of a run."""

    status: str | int | None = None
    end_time: int | None = None
    run_name: str | None = None


class LogParam(OfRun):
    """One param."""

    key: str
    value: str = ""


class SetTag(OfRun):
    """One tag."""

    key: str
    value: str = ""


class UnsetTag(OfRun):
    """A tag to remove."""

    key: str


def active_run(shared: Shared, run: str) -> Head:
    """Return the head of a run that may be changed.

    Raises
    ------
    Refused
        If there is none, or it is deleted.
    """
    found = _head(shared, run)
    if found.deleted is not None:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"The run {run} must be in the 'active' state. Current state is deleted.",
        )
    return found


def _head(shared: Shared, run: str) -> Head:
    found = run_edits.head(shared.store.metadata, run)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Run with id={run} not found")
    return found


def begin(shared: Shared, asked: Create) -> str:
    """Begin a run, and return its id."""
    found = experiment(shared, asked.experiment_id)
    must_be_active(found)
    tags = {tag.key: tag.value for tag in asked.tags}
    name = asked.run_name or tags.get(NAME) or invented_name()
    if name != tags.get(NAME, name):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
            f"values (run_name='{name}', mlflow.runName='{tags[NAME]}').",
        )
    return run_edits.create(
        shared.store.metadata,
        found.name,
        name,
        started=1000 * (asked.start_time or 0),
        user=asked.user_id,
        parent=tags.get(PARENT),
        tags=tags | {NAME: name},
    )


def _create(shared: Shared, asked: Create) -> dict[str, Run]:
    return {"run": read_run(shared, begin(shared, asked))}


def read_run(shared: Shared, run: str) -> Run:
    """Return a run as clients read it.

    Raises
    ------
    Refused
        If there is none.
    """
    _head(shared, run)
    return run_messages(shared, [runs.of_id(shared.store, run)])[0]


def _get(shared: Shared, asked: OfRun) -> dict[str, Run]:
    return {"run": read_run(shared, asked.run)}


def _update(shared: Shared, asked: Update) -> dict[str, Info]:
    run, metadata = asked.run, shared.store.metadata
    status = _NUMBERS.get(asked.status) if isinstance(asked.status, int) else asked.status
    with metadata.transaction():
        active_run(shared, run)
        run_edits.update(
            metadata,
            run,
            status=None if status is None else _FROM_STATUS.get(status),
            ended=None if asked.end_time is None else 1000 * asked.end_time,
        )
        if asked.run_name:
            set_tags(shared, run, {NAME: asked.run_name})
    return {"run_info": read_run(shared, run).info}


def _delete(shared: Shared, asked: OfRun) -> None:
    run_edits.delete(shared.store.metadata, _head(shared, asked.run).id)


def _restore(shared: Shared, asked: OfRun) -> None:
    run_edits.restore(shared.store.metadata, _head(shared, asked.run).id)


def _log_param(shared: Shared, asked: LogParam) -> None:
    run, metadata = asked.run, shared.store.metadata
    value = check_param(asked.key, asked.value)
    with metadata.transaction():
        active_run(shared, run)
        had = run_edits.add_params(metadata, run, {asked.key: value})
    if had:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Changing param values is not allowed. Param with key='{asked.key}' was already "
            f"logged with value='{had[asked.key]}' for run ID='{run}'. Attempted logging new "
            f"value '{value}'.",
        )


def set_tags(shared: Shared, run: str, tags: dict[str, str]) -> None:
    """Set tags, the run's name and parent among them; the caller holds the transaction."""
    metadata = shared.store.metadata
    run_edits.update(metadata, run, name=tags.get(NAME) or None, parent=tags.get(PARENT))
    run_edits.set_tags(metadata, run, tags)


def _set_tag(shared: Shared, asked: SetTag) -> None:
    run = asked.run
    value = check_tag(asked.key, asked.value)
    with shared.store.metadata.transaction():
        active_run(shared, run)
        set_tags(shared, run, {asked.key: value})


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    run = asked.run
    active_run(shared, run)
    if not run_edits.unset_tag(shared.store.metadata, run, asked.key):
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST", f"No tag with name: {asked.key} in run with id {run}"
        )


_PATH = "2.0/mlflow/runs"

RUNS: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("GET", f"{_PATH}/get", _get, OfRun),
    Call("POST", f"{_PATH}/update", _update, Update),
    Call("POST", f"{_PATH}/delete", _delete, OfRun),
    Call("POST", f"{_PATH}/restore", _restore, OfRun),
    Call("POST", f"{_PATH}/log-parameter", _log_param, LogParam),
    Call("POST", f"{_PATH}/set-tag", _set_tag, SetTag),
    Call("POST", f"{_PATH}/delete-tag", _unset_tag, UnsetTag),
)
