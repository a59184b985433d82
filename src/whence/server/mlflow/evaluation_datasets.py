"""Evaluation datasets: made, tagged, linked to experiments, searched and deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.evaluation_records import RECORDS
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import evaluation_datasets, grammars, projects
from whence.store.evaluation_dataset_search import search
from whence.store.filters import parse, parse_order
from whence.store.paging import offset_of, token_of
from whence.store.runs import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whence.server.shared import Shared
    from whence.store.evaluation_datasets import EvaluationDataset

__all__ = ["EVALUATION_DATASETS"]

_USER = "mlflow.user"
"""The tag that says who made it."""

_PAGE, _MOST = 1000, 50_000


class Create(Message):
    """A new dataset; the tags are an object as JSON."""

    name: str
    experiment_ids: list[str] = msgspec.field(default_factory=list)
    tags: str = ""


class OfDataset(Message):
    """One dataset."""

    dataset_id: str


class OfExperiments(OfDataset):
    """A dataset, and experiments that it is for or shall be for."""

    experiment_ids: list[str] = msgspec.field(default_factory=list)


class SetTags(OfDataset):
    """Tags, an object as JSON."""

    tags: str


class UnsetTag(OfDataset):
    """A tag to remove."""

    key: str


class Search(Message):
    """The datasets that are wanted; without experiments, of any."""

    experiment_ids: list[str] = msgspec.field(default_factory=list)
    filter_string: str = ""
    max_results: int = _PAGE
    order_by: list[str] = msgspec.field(default_factory=list)
    page_token: str = ""


class Dataset(Message):
    """A dataset as clients read it; times in milliseconds, and JSON as text."""

    dataset_id: str
    name: str
    tags: str
    digest: str
    created_time: int
    last_update_time: int
    schema: str | UnsetType = UNSET
    profile: str | UnsetType = UNSET
    created_by: str | UnsetType = UNSET
    last_updated_by: str | UnsetType = UNSET
    experiment_ids: list[str] = msgspec.field(default_factory=list)


class Page(Message):
    """Datasets, and the token of those after them."""

    datasets: list[Dataset] = msgspec.field(default_factory=list)
    next_page_token: str = ""


class Ids(Message):
    """Experiments."""

    experiment_ids: list[str] = msgspec.field(default_factory=list)


def _shown(found: EvaluationDataset) -> Dataset:
    return Dataset(
        dataset_id=found.id,
        name=found.name,
        tags=json.dumps(found.tags),
        digest=found.digest,
        created_time=found.created // 1000,
        last_update_time=found.updated // 1000,
        schema=UNSET if found.schema is None else found.schema,
        profile=json.dumps({"num_records": found.records}) if found.records else UNSET,
        created_by=UNSET if found.created_by is None else found.created_by,
        last_updated_by=UNSET if found.updated_by is None else found.updated_by,
    )


def _known(
    shared: Shared, dataset: str, words: str = "Evaluation dataset with id '{}' not found"
) -> EvaluationDataset:
    found = evaluation_datasets.find(shared.store.metadata, dataset)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", words.format(dataset))
    return found


def _tags(text: str) -> dict[str, str]:
    """Return the tags of an object of JSON; those that are null are none."""
    try:
        said = json.loads(text) if text else None
    except ValueError as error:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Invalid tags: {error}; give an object as JSON."
        ) from None
    if said and not isinstance(said, dict):
        raise Refused("INVALID_PARAMETER_VALUE", "Invalid tags: give an object as JSON.")
    return {key: text_of(value) for key, value in (said or {}).items() if value is not None}


def _numbers(shared: Shared, experiments: Iterable[str]) -> list[int]:
    """Return the numbers of experiments, which must be there."""
    found = []
    for one in experiments:
        project = projects.of_id(shared.store.metadata, int(one)) if _is_number(one) else None
        if project is None:
            raise Refused("RESOURCE_DOES_NOT_EXIST", f"No Experiment with id={one}")
        found.append(project.id)
    return found


def _is_number(experiment: str) -> bool:
    return experiment.isascii() and experiment.isdecimal()


def _create(shared: Shared, asked: Create) -> dict[str, Dataset]:
    tags = _tags(asked.tags)
    dataset = evaluation_datasets.create(
        shared.store.metadata,
        asked.name,
        projects=_numbers(shared, asked.experiment_ids),
        tags=tags,
        by=tags.get(_USER),
    )
    made = _shown(_known(shared, dataset))
    made.experiment_ids = asked.experiment_ids
    return {"dataset": made}


def _get(shared: Shared, asked: OfDataset) -> dict[str, Dataset]:
    return {"dataset": _shown(_known(shared, asked.dataset_id))}


def _delete(shared: Shared, asked: OfDataset) -> None:
    evaluation_datasets.delete(shared.store.metadata, asked.dataset_id)


def _search(shared: Shared, asked: Search) -> Page:
    most = asked.max_results
    if not 1 <= most <= _MOST:
        limit = "a positive integer" if most < 1 else f"at most {_MOST}"
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {most} for parameter 'max_results' supplied. It must be {limit}",
        )
    first, grammar = offset_of(asked.page_token), grammars.EVALUATION_DATASETS
    wanted = [int(one) for one in asked.experiment_ids if _is_number(one)]
    found = search(
        shared.store.metadata,
        parse(asked.filter_string, grammar),
        [parse_order(one, grammar) for one in asked.order_by],
        projects=wanted if asked.experiment_ids else None,
        limit=most + 1,
        offset=first,
    )
    return Page(
        datasets=[_shown(one) for one in found[:most]],
        next_page_token=token_of(first + most) if len(found) > most else "",
    )


def _set_tags(shared: Shared, asked: SetTags) -> None:
    metadata, tags = shared.store.metadata, _tags(asked.tags)
    with metadata.transaction():
        found = _known(shared, asked.dataset_id, "Could not find evaluation dataset with ID {}")
        evaluation_datasets.set_tags(metadata, found.id, tags)


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    evaluation_datasets.unset_tag(shared.store.metadata, asked.dataset_id, asked.key)


def _experiments(shared: Shared, asked: OfDataset) -> Ids:
    found = evaluation_datasets.projects_of(shared.store.metadata, asked.dataset_id)
    return Ids(experiment_ids=[str(one) for one in found])


_NOT_FOUND = "Dataset '{}' not found"


def _add(shared: Shared, asked: OfExperiments) -> dict[str, Dataset]:
    dataset = _known(shared, asked.dataset_id, _NOT_FOUND).id
    wanted = _numbers(shared, asked.experiment_ids)
    evaluation_datasets.add_projects(shared.store.metadata, dataset, wanted)
    return {"dataset": _shown(_known(shared, dataset))}


def _remove(shared: Shared, asked: OfExperiments) -> dict[str, Dataset]:
    dataset = _known(shared, asked.dataset_id, _NOT_FOUND).id
    wanted = [int(one) for one in asked.experiment_ids if _is_number(one)]
    evaluation_datasets.remove_projects(shared.store.metadata, dataset, wanted)
    return {"dataset": _shown(_known(shared, dataset))}


_PATH = "3.0/mlflow/datasets"
_ONE = f"{_PATH}/{{dataset_id}}"

EVALUATION_DATASETS: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("POST", f"{_PATH}/search", _search, Search),
    Call("GET", f"{_PATH}/search", _search, Search),
    Call("GET", _ONE, _get, OfDataset),
    Call("DELETE", _ONE, _delete, OfDataset),
    Call("PATCH", f"{_ONE}/tags", _set_tags, SetTags),
    Call("DELETE", f"{_ONE}/tags/{{key}}", _unset_tag, UnsetTag),
    Call("GET", f"{_ONE}/experiment-ids", _experiments, OfDataset),
    Call("POST", f"{_ONE}/add-experiments", _add, OfExperiments),
    Call("POST", f"{_ONE}/remove-experiments", _remove, OfExperiments),
    *RECORDS,
)
