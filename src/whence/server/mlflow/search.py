"""Searching experiments and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec

from whence.server.mlflow.experiments import (
    Experiment,
    experiment_message,
    experiment_number,
)
from whence.server.mlflow.rules import invalid
from whence.server.mlflow.run_messages import Run, run_messages
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import grammars, project_search, run_search
from whence.store.filters import FilterError, parse, parse_orders
from whence.store.paging import offset_of, token_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.server.shared import Shared
    from whence.store.run_search import View

__all__ = ["SEARCH"]

_MOST = 50_000
"""Of one page."""

_USUAL = 1000
"""Runs on a page where it is not said."""

_VIEWS: dict[object, View] = dict.fromkeys((1, "1", "ACTIVE_ONLY"), "active")
_VIEWS |= dict.fromkeys((2, "2", "DELETED_ONLY"), "deleted")
_VIEWS |= dict.fromkeys((3, "3", "ALL"), "all")
"""By number or word of the enumeration in the proto file; anything else is the first."""

T = TypeVar("T")


class SearchExperiments(Message):
    """Which experiments, a page of them; how many must be said."""

    max_results: int = 0
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = msgspec.field(default_factory=list)
    view_type: int | str = 1


class SearchRuns(Message):
    """Which runs of some experiments, a page of them."""

    experiment_ids: list[str] = msgspec.field(default_factory=list)
    filter: str = ""
    run_view_type: int | str = 1
    max_results: int = _USUAL
    order_by: list[str] = msgspec.field(default_factory=list)
    page_token: str = ""


class Experiments(Message):
    """A page of experiments."""

    experiments: list[Experiment] = msgspec.field(default_factory=list)
    next_page_token: str = ""


class Runs(Message):
    """A page of runs."""

    runs: list[Run] = msgspec.field(default_factory=list)
    next_page_token: str = ""


def _experiments(shared: Shared, asked: SearchExperiments) -> Experiments:
    _check_most(asked.max_results)
    where = _as_mlflow(lambda: parse(asked.filter, grammars.EXPERIMENTS))
    order = _as_mlflow(lambda: parse_orders(asked.order_by, grammars.EXPERIMENTS))
    offset = offset_of(asked.page_token)
    found = project_search.search(
        shared.store.metadata,
        where,
        order,
        view=_VIEWS.get(asked.view_type, "active"),
        limit=asked.max_results + 1,
        offset=offset,
    )
    page, token = _page(found, asked.max_results, offset)
    return Experiments(experiments=[experiment_message(one) for one in page], next_page_token=token)


def _runs(shared: Shared, asked: SearchRuns) -> Runs:
    if asked.max_results > _MOST:
        _refuse_most(asked.max_results)
    _check_most(asked.max_results)
    ids = [experiment_number(one) for one in asked.experiment_ids]
    sought = run_search.Search(
        where=_as_mlflow(lambda: parse(asked.filter, grammars.RUNS)),
        order=_as_mlflow(lambda: parse_orders(asked.order_by, grammars.RUNS)),
        projects=project_search.names_of(shared.store.metadata, ids),
        view=_VIEWS.get(asked.run_view_type, "active"),
    )
    offset = offset_of(asked.page_token)
    found = run_search.search(shared.store, sought, limit=asked.max_results + 1, offset=offset)
    page, token = _page(found, asked.max_results, offset)
    return Runs(runs=run_messages(shared, page), next_page_token=token)


def _page(found: list[T], most: int, offset: int) -> tuple[list[T], str]:
    """Return a page of what is one more if there is a next page, and the next page's token."""
    more = len(found) > most
    return found[:most], token_of(offset + most) if more else ""


def _as_mlflow(read: Callable[[], T]) -> T:
    """Read a filter or an order; refuse it in MLflow's words."""
    try:
        return read()
    except FilterError as error:
        raise Refused("INVALID_PARAMETER_VALUE", error.reason) from None


def _check_most(most: int) -> None:
    said = f"Invalid value {most} for parameter 'max_results' supplied. It must be"
    if most < 1:
        raise Refused("INVALID_PARAMETER_VALUE", f"{said} a positive integer")
    if most > _MOST:
        raise Refused("INVALID_PARAMETER_VALUE", f"{said} at most {_MOST}")


def _refuse_most(most: int) -> NoReturn:
    invalid(
        "max_results",
        most,
        " Hint: Value was of type 'int'. See the API docs for more information about request "
        "parameters.",
    )


SEARCH: tuple[Call, ...] = (
    Call("GET", "2.0/mlflow/experiments/search", _experiments, SearchExperiments),
    Call("POST", "2.0/mlflow/experiments/search", _experiments, SearchExperiments),
    Call("POST", "2.0/mlflow/runs/search", _runs, SearchRuns),
)
