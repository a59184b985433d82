"""Searching logged models: by a filter and datasets, in an order, page by page."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

import msgspec

from whence.server.mlflow.experiments import experiment_number
from whence.server.mlflow.logged_model_messages import STATUSES, Model, model_messages
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import grammars, projects
from whence.store.conditions import Condition, FilterError, Order
from whence.store.filters import parse
from whence.store.logged_model_search import OnDataset, Ranking, search

if TYPE_CHECKING:
    from whence.server.shared import Shared

__all__ = ["SEARCH"]

_PAGE = 50
_LARGEST = 2**31 - 1
"""The largest 32-bit number, as which the proto file has the size of a page."""


class SentDataset(Message):
    """A dataset that metrics are wanted of."""

    dataset_name: str = ""
    dataset_digest: str = ""


class SentOrder(Message):
    """What comes first; of a metric, its values on a dataset can be meant."""

    field_name: str = ""
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


class Search(Message):
    """The models that are wanted."""

    experiment_ids: list[str]
    filter: str = ""
    datasets: list[SentDataset] = msgspec.field(default_factory=list)
    max_results: int = _PAGE
    order_by: list[SentOrder] = msgspec.field(default_factory=list)
    page_token: str = ""


class Page(Message):
    """Models, and the token of those after them."""

    models: list[Model] = msgspec.field(default_factory=list)
    next_page_token: str = ""


def _search(shared: Shared, asked: Search) -> Page:
    if not all(one.dataset_name for one in asked.datasets):
        raise Refused(
            "INVALID_PARAMETER_VALUE", "`dataset_name` in the `datasets` clause must be specified."
        )
    first, most = _offset(asked), asked.max_results or _PAGE
    if not 1 <= most <= _LARGEST:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive "
            "integer.",
        )
    metadata = shared.store.metadata
    wanted = [projects.of_id(metadata, experiment_number(one)) for one in asked.experiment_ids]
    found = search(
        metadata,
        [project.name for project in wanted if project is not None],
        _conditions(asked.filter),
        [_ranking(one) for one in asked.order_by],
        on=[OnDataset(one.dataset_name, one.dataset_digest or None) for one in asked.datasets],
        limit=most + 1,
        offset=first,
    )
    return Page(
        models=model_messages(shared, found[:most]),
        next_page_token=_token(asked, first + most) if len(found) > most else "",
    )


_STATES = {said: one.state for one in STATUSES for said in (str(one.number), one.wire, one.word)}


def _conditions(text: str) -> list[Condition]:
    try:
        return [_condition(one) for one in parse(text, grammars.LOGGED_MODELS)]
    except FilterError as error:
        if error.reason.startswith("Invalid entity type"):
            raise
        # Here MLflow says it so, and not as for its other filters.
        wrong = str(error).replace("Invalid comparator", "Invalid comparison operator")
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Invalid filter string: {text!r}. {wrong}"
        ) from None


def _condition(said: Condition) -> Condition:
    """Return a condition in the store's words; MLflow numbers what the store names."""
    if (said.kind, said.key) != ("attribute", "status"):
        return said
    value = said.value
    if isinstance(value, tuple):
        return said._replace(value=tuple(_STATES.get(one, one) for one in value))
    return said._replace(value=_STATES.get(str(value), value))


def _ranking(said: SentOrder) -> Ranking:
    name, on = said.field_name, OnDataset(said.dataset_name or None, said.dataset_digest or None)
    word, dot, key = name.partition(".")
    if not dot:
        (fields,) = (one.fields for one in grammars.LOGGED_MODELS.orders if one.name == "attribute")
        if name not in fields:
            raise Refused("INVALID_PARAMETER_VALUE", f"Invalid order by field name: {name}")
        return Ranking(Order("attribute", fields[name].name or name, not said.ascending))
    if word != "metrics":
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid order by field name: {name}. Only metrics are supported.",
        )
    return Ranking(Order("metric", key, not said.ascending), on)


def _asked_for(asked: Search) -> dict[str, Any]:
    """Return what a token holds besides the offset: a page goes on with the same search."""
    orders = [
        {
            "field_name": one.field_name,
            "ascending": one.ascending,
            "dataset_name": one.dataset_name or None,
            "dataset_digest": one.dataset_digest or None,
        }
        for one in asked.order_by
    ]
    return {
        "experiment_ids": asked.experiment_ids,
        "filter_string": asked.filter or None,
        "order_by": orders or None,
    }


def _token(asked: Search, offset: int) -> str:
    token = json.dumps(_asked_for(asked) | {"offset": offset})
    return base64.b64encode(token.encode()).decode()


_DIFFER = {
    "experiment_ids": "Experiment IDs in the page token do not match the requested experiment IDs",
    "filter_string": "Filter string in the page token does not match the requested filter string",
    "order_by": "Order by in the page token does not match the requested order by",
}


def _offset(asked: Search) -> int:
    """Return after how many models a page begins."""
    if not asked.page_token:
        return 0
    try:
        token = json.loads(base64.b64decode(asked.page_token))
    except (binascii.Error, ValueError) as error:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Invalid page token: {asked.page_token}. {error}"
        ) from None
    held = token if isinstance(token, dict) else {}
    expected = _asked_for(asked)
    for name, differ in _DIFFER.items():
        if held.get(name) != expected[name]:
            raise Refused(
                "INVALID_PARAMETER_VALUE",
                f"{differ}. Expected: {expected[name]}. Found: {held.get(name)}",
            )
    offset = held.get("offset")
    if not isinstance(offset, int) or not 0 <= offset < 2**63:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Invalid page token: {asked.page_token}. No offset."
        )
    return offset


SEARCH: tuple[Call, ...] = (Call("POST", "2.0/mlflow/logged-models/search", _search, Search),)
