"""Runs of prompt engineering: a prompt that a page tried on a model, and what came back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from whence.errors import WhenceError
from whence.server.mlflow.artifact_paths import folder_at, joined, place_of_run
from whence.server.mlflow.experiments import Pair, experiment, place_of
from whence.server.mlflow.run_logging import LogBatch, log_batch
from whence.server.mlflow.runs import Create, begin, read_run
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import contents, run_edits
from whence.types.time import now

if TYPE_CHECKING:
    from whence.server.mlflow.run_messages import Run
    from whence.server.shared import Shared

__all__ = ["PROMPTLAB"]

_TABLE = "eval_results_table.json"

_TAGS = {
    "mlflow.loggedArtifacts": json.dumps([{"path": _TABLE, "type": "table"}]),
    "mlflow.runSourceType": "PROMPT_ENGINEERING",
}
"""What pages know such a run by, and where they find its table."""

_NEEDED = (
    "experiment_id",
    "prompt_template",
    "prompt_parameters",
    "model_route",
    "model_input",
    "mlflow_version",
)


class Knob(Message):
    """A named value, of any kind."""

    key: str = ""
    value: str | int | float | bool | None = None

    @property
    def text(self) -> str:
        """The value as text."""
        return "" if self.value is None else str(self.value)


class Prompt(Message):
    """A prompt with its parameters, the model that it was sent to, and the answer."""

    experiment_id: str = ""
    run_name: str = ""
    tags: list[Pair] = msgspec.field(default_factory=list)
    prompt_template: str = ""
    prompt_parameters: list[Knob] = msgspec.field(default_factory=list)
    model_route: str = ""
    model_parameters: list[Knob] = msgspec.field(default_factory=list)
    model_input: str = ""
    model_output: str | None = None
    model_output_parameters: list[Knob] = msgspec.field(default_factory=list)
    mlflow_version: str = ""
    user_id: str = "unknown"
    start_time: int | None = None


def _create(shared: Shared, asked: Prompt) -> dict[str, Run]:
    for name in _NEEDED:
        if not getattr(asked, name):
            raise Refused(
                "INVALID_PARAMETER_VALUE", f"CreatePromptlabRun request must specify {name}."
            )
    folder_at(place_of(experiment(shared, asked.experiment_id)))  # refused before a run is begun
    started = now() // 1000 if asked.start_time is None else asked.start_time
    run = begin(
        shared,
        Create(
            experiment_id=asked.experiment_id,
            user_id=asked.user_id,
            run_name=asked.run_name,
            start_time=started,
            tags=asked.tags,
        ),
    )
    try:
        log_batch(shared, LogBatch(run_id=run, params=_params(asked), tags=_pairs(_TAGS)))
        table = json.dumps(_table(asked)).encode()
        contents.put(shared.store, joined(folder_at(place_of_run(shared, run)), _TABLE), [table])
    except (Refused, WhenceError):
        _end(shared, run, "failed")
        raise
    _end(shared, run, "finished")
    return {"run": read_run(shared, run)}


def _end(shared: Shared, run: str, status: str) -> None:
    metadata = shared.store.metadata
    with metadata.transaction():
        run_edits.update(metadata, run, status=status, ended=now())


def _params(asked: Prompt) -> list[Pair]:
    more = {"model_route": asked.model_route, "prompt_template": asked.prompt_template}
    return [*(Pair(key=one.key, value=one.text) for one in asked.model_parameters), *_pairs(more)]


def _pairs(values: dict[str, str]) -> list[Pair]:
    return [Pair(key=key, value=value) for key, value in values.items()]


def _table(asked: Prompt) -> dict[str, list[object]]:
    """Return the prompt and its answer as a table of one row."""
    before, after = asked.prompt_parameters, asked.model_output_parameters
    names = [one.key for one in before], ["prompt", "output"], [one.key for one in after]
    values = (
        [one.text for one in before],
        [asked.model_input, asked.model_output],
        [one.text for one in after],
    )
    return {
        "columns": [name for part in names for name in part],
        "data": [[value for part in values for value in part]],
    }


PROMPTLAB = (Call("POST", "2.0/mlflow/runs/create-promptlab-run", _create, Prompt),)
