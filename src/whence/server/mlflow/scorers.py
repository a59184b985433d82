"""Scorers: registered in versions, listed, read and deleted.

They are kept and handed back, never run: what is in them is the client's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from whence.server.mlflow.experiments import experiment, experiment_number, must_be_active
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import projects, scorers

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.scorers import ScorerVersion

__all__ = ["SCORERS"]


class Register(Message):
    """The next version of a scorer."""

    experiment_id: str
    name: str
    serialized_scorer: str


class InExperiments(Message):
    """The scorers of an experiment, of several, or of all."""

    experiment_id: str = ""
    experiment_ids: list[str] = msgspec.field(default_factory=list)


class OfName(Message):
    """A scorer."""

    experiment_id: str
    name: str


class OfVersion(OfName):
    """A version of a scorer, or the scorer."""

    version: int | None = None


class OfIds(Message):
    """Scorers, by their ids."""

    scorer_ids: list[str]


class SetSampling(OfName):
    """The share of an experiment's new traces that the server is to let a scorer judge."""

    sample_rate: float
    filter_string: str | None = None


class Scorer(Message):
    """A version of a scorer as clients read it; time in milliseconds."""

    experiment_id: int
    scorer_name: str
    scorer_version: int
    serialized_scorer: str
    creation_time: int
    scorer_id: str


class Scorers(Message):
    """Versions of scorers."""

    scorers: list[Scorer] = msgspec.field(default_factory=list)


def _shown(found: ScorerVersion) -> Scorer:
    return Scorer(
        experiment_id=found.project,
        scorer_name=found.name,
        scorer_version=found.version,
        serialized_scorer=found.content,
        creation_time=found.created // 1000,
        scorer_id=found.scorer,
    )


def _active(shared: Shared, identifier: str) -> int:
    """Return the number of an experiment that is not deleted."""
    found = experiment(shared, identifier)
    must_be_active(found)
    return found.id


def _missing(asked: OfName, version: int | None = None) -> Refused:
    which = "" if version is None else f" and version {version}"
    return Refused(
        "RESOURCE_DOES_NOT_EXIST",
        f"Scorer with name '{asked.name}'{which} not found for experiment {asked.experiment_id}.",
    )


def _register(shared: Shared, asked: Register) -> dict[str, object]:
    try:
        said = json.loads(asked.serialized_scorer)
    except ValueError:
        raise Refused("INVALID_PARAMETER_VALUE", "serialized_scorer must be valid JSON") from None
    if not isinstance(said, dict):
        raise Refused("INVALID_PARAMETER_VALUE", "serialized_scorer must be an object as JSON")
    if not asked.name.strip():
        raise Refused(
            "INVALID_PARAMETER_VALUE", "Scorer name cannot be empty or contain only whitespace."
        )
    project = _active(shared, asked.experiment_id)
    made = scorers.register(shared.store.metadata, project, asked.name, asked.serialized_scorer)
    return {
        "version": made.version,
        "scorer_id": made.scorer,
        "experiment_id": str(made.project),
        "name": made.name,
        "serialized_scorer": made.content,
        "creation_time": made.created // 1000,
    }


def _list(shared: Shared, asked: InExperiments) -> Scorers:
    metadata, several = shared.store.metadata, asked.experiment_ids
    wanted: list[int] | None = None
    if several:
        if asked.experiment_id:
            raise Refused(
                "INVALID_PARAMETER_VALUE",
                "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' "
                "to scope the query to multiple experiments, or 'experiment_id' to scope it to a "
                "single experiment.",
            )
        found = [projects.of_id(metadata, experiment_number(one)) for one in several]
        wanted = [one.id for one in found if one is not None and one.deleted is None]
    elif asked.experiment_id:
        wanted = [_active(shared, asked.experiment_id)]
    return Scorers(scorers=[_shown(one) for one in scorers.latest(metadata, wanted)])


def _versions(shared: Shared, asked: OfName) -> Scorers:
    project = _active(shared, asked.experiment_id)
    found = scorers.versions(shared.store.metadata, project, asked.name)
    if not found:
        raise _missing(asked)
    return Scorers(scorers=[_shown(one) for one in found])


def _get(shared: Shared, asked: OfVersion) -> dict[str, Scorer]:
    project = _active(shared, asked.experiment_id)
    found = scorers.find(shared.store.metadata, project, asked.name, asked.version)
    if found is None:
        raise _missing(asked, asked.version)
    return {"scorer": _shown(found)}


def _delete(shared: Shared, asked: OfVersion) -> None:
    project = _active(shared, asked.experiment_id)
    if not scorers.delete(shared.store.metadata, project, asked.name, asked.version):
        raise _missing(asked, asked.version)


def _samplings(_: Shared, __: OfIds) -> dict[str, list[object]]:
    """Answer which scorers the server lets judge new traces: none."""
    return {"configs": []}


def _set_sampling(shared: Shared, asked: SetSampling) -> dict[str, dict[str, object]]:
    """Refuse to judge new traces; that none are judged can be said."""
    if not 0 <= asked.sample_rate <= 1:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"sample_rate must be between 0.0 and 1.0, got {asked.sample_rate}",
        )
    project = _active(shared, asked.experiment_id)
    found = scorers.find(shared.store.metadata, project, asked.name)
    if found is None:
        raise _missing(asked)
    if asked.sample_rate > 0:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Scorer '{asked.name}' does not use a gateway model. Automatic evaluation is only "
            "supported for scorers that use gateway models.",
        )
    said: dict[str, object] = {
        "online_scoring_config_id": found.scorer.replace("-", ""),
        "scorer_id": found.scorer,
        "sample_rate": asked.sample_rate,
        "experiment_id": asked.experiment_id,
    }
    chosen = {} if asked.filter_string is None else {"filter_string": asked.filter_string}
    return {"config": said | chosen}


_PATH = "3.0/mlflow/scorers"

SCORERS: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/register", _register, Register),
    Call("GET", f"{_PATH}/list", _list, InExperiments),
    Call("GET", f"{_PATH}/versions", _versions, OfName),
    Call("GET", f"{_PATH}/get", _get, OfVersion),
    Call("DELETE", f"{_PATH}/delete", _delete, OfVersion),
    Call("GET", f"{_PATH}/online-configs", _samplings, OfIds),
    Call("PUT", f"{_PATH}/online-config", _set_sampling, SetSampling),
)
