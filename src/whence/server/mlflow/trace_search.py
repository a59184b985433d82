"""Searching traces over MLflow's API, and what two filters have to do with each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from whence.server.mlflow.rules import invalid
from whence.server.mlflow.trace_messages import Location, infos
from whence.server.mlflow.wire import Call, Message, Refused, number
from whence.store import grammars, trace_search
from whence.store.conditions import FilterError
from whence.store.filters import parse, parse_orders
from whence.store.paging import offset_of, token_of
from whence.store.trace_search import Search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.conditions import Condition
    from whence.store.traces import Trace

__all__ = ["TRACE_SEARCH", "Page", "found", "numbers"]

_PAGE, _MOST = 100, 500
"""Traces of a page."""

_NONE = 2**63 - 1
"""An id that no experiment has: SQLite's largest integer."""

_PSEUDOCOUNT = 0.5
"""Added to each count of a table of four, as Jeffreys' prior has it."""


class Page(Message):
    """Which traces, and how many at once."""

    filter: str = ""
    max_results: int = _PAGE
    order_by: list[str] = msgspec.field(default_factory=list)
    page_token: str = ""


class InLocations(Page, kw_only=True):
    """Traces of some experiments."""

    locations: list[Location]


class Correlated(Message):
    """Two filters."""

    experiment_ids: list[str]
    filter_string1: str
    filter_string2: str
    base_filter: str = ""


def found(shared: Shared, asked: Page, experiments: Sequence[str]) -> tuple[list[Trace], str]:
    """Return a page of the traces that are sought, and the next page's token, or "".

    Raises
    ------
    Refused
        If there is no such filter, order or page.
    """
    most = asked.max_results
    if most > _MOST:
        invalid("max_results", most, " Hint: Value was of type 'int'. See the API docs for more "
                "information about request parameters.")  # fmt: skip
    if most < 1:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive "
            "integer",
        )
    try:
        order = parse_orders(asked.order_by, grammars.TRACES)
    except FilterError as error:
        raise Refused("INVALID_PARAMETER_VALUE", error.reason) from None
    sought = Search(_conditions(asked.filter), order, numbers(experiments))
    offset = offset_of(asked.page_token)
    page = trace_search.search(shared.store.metadata, sought, limit=most, offset=offset)
    # MLflow's clients ask once more after a page that was full by chance, and so must find none.
    return page, token_of(offset + most) if len(page) == most else ""


def _conditions(text: str) -> tuple[Condition, ...]:
    try:
        return parse(text, grammars.TRACES)
    except FilterError as error:
        raise Refused("INVALID_PARAMETER_VALUE", error.reason) from None


def numbers(experiments: Sequence[str]) -> list[int]:
    """Return the ids of experiments as numbers.

    Raises
    ------
    Refused
        If one is none.
    """
    found = []
    for one in experiments:
        if not one.isdecimal():
            raise Refused(
                "INVALID_PARAMETER_VALUE",
                f"Invalid experiment ID '{one}'. Experiment ID must be a valid integer.",
            )
        found.append(min(int(one), _NONE))
    return found


def _search(shared: Shared, asked: InLocations) -> dict[str, Any]:
    places = [one.mlflow_experiment.experiment_id for one in asked.locations
              if one.mlflow_experiment is not None]  # fmt: skip
    page, token = found(shared, asked, places)
    said: dict[str, Any] = {"traces": infos(shared, page)} if page else {}
    return said | ({"next_page_token": token} if token else {})


def _correlated(shared: Shared, asked: Correlated) -> dict[str, object]:
    base = _conditions(asked.base_filter)
    one, other = _conditions(asked.filter_string1), _conditions(asked.filter_string2)
    projects = numbers(asked.experiment_ids)

    def count(*conditions: Condition) -> int:
        sought = Search((*base, *conditions), (), projects)
        return trace_search.count(shared.store.metadata, sought)

    total, first, second, both = count(), count(*one), count(*other), count(*one, *other)
    return {
        "npmi": number(_together(both, first, second, total, 0.0)),
        "npmi_smoothed": number(_together(both, first, second, total, _PSEUDOCOUNT)),
        "filter1_count": first,
        "filter2_count": second,
        "joint_count": both,
        "total_count": total,
    }


def _together(both: int, first: int, second: int, total: int, more: float) -> float:
    """Return the normalised pointwise mutual information of two events; nan if one never is.

    -1 is never together, 0 independent, 1 always together. G. Bouma, "Normalized (pointwise)
    mutual information in collocation extraction", GSCL 2009, equation 6.

    Parameters
    ----------
    both, first, second, total
        How often.
    more
        What is added to each of the four counts of a table of the two.
    """
    if not first or not second:
        return math.nan
    if not both and not more:
        return -1.0
    all_ = total + 4 * more
    joint, one, other = (both + more) / all_, (first + 2 * more) / all_, (second + 2 * more) / all_
    if joint == 1.0:
        return 1.0
    return max(-1.0, min(1.0, math.log(joint / (one * other)) / -math.log(joint)))


_V3 = "3.0/mlflow/traces"

TRACE_SEARCH: tuple[Call, ...] = (
    Call("POST", f"{_V3}/search", _search, InLocations),
    Call("POST", f"{_V3}/calculate-filter-correlation", _correlated, Correlated),
)
