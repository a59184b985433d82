"""The traces of review queues: put in, listed, reviewed and taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import review_items, review_queues
from whence.store.paging import offset_of, token_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.review_items import Item, State
    from whence.store.review_queues import Queue

__all__ = ["REVIEW_ITEMS", "OfQueue", "Page", "known_queue"]

_PAGE, _MOST = 1000, 50_000
"""Queues, or traces, of a page."""

_STATES: dict[object, State] = {
    "PENDING": "PENDING",
    "COMPLETE": "COMPLETE",
    "DECLINED": "DECLINED",
    1: "PENDING",
    2: "COMPLETE",
    3: "DECLINED",
}
"""By their names in the proto, and by their numbers."""

_UNSPECIFIED = ("REVIEW_STATUS_UNSPECIFIED", 0, None)
"""What says no status."""

_TRACE = ("TRACE", "REVIEW_ITEM_TYPE_UNSPECIFIED", 1, 0, None)
"""What says that items are traces, as all are."""


class Page(Message):
    """How many at once, and after which."""

    max_results: int = _PAGE
    page_token: str = ""

    def offset(self) -> int:
        """Return after how many the page begins.

        Raises
        ------
        Refused
            If it would hold too many or too few.
        """
        if not 1 <= self.max_results <= _MOST:
            raise Refused("INVALID_PARAMETER_VALUE", f"max_results must be between 1 and {_MOST}.")
        return offset_of(self.page_token)

    def shown(self, name: str, found: Sequence[Message]) -> dict[str, object]:
        """Return the answer with what was found, of which one may be the next page's first."""
        more = len(found) > self.max_results
        token = token_of(self.offset() + self.max_results) if more else ""
        page = {name: found[: self.max_results]} if found else {}
        return {**page, "next_page_token": token}


class OfQueue(Message):
    """One queue, by its id."""

    queue_id: str


class Items(OfQueue):
    """Traces to put in or to take out."""

    item_ids: list[str] = msgspec.field(default_factory=list)
    item_type: str | int | None = None


class List(Page, kw_only=True):
    """A queue's traces, all or those of a state."""

    queue_id: str
    status: str | int | None = None


class Decide(OfQueue):
    """What became of a trace."""

    item_id: str
    status: str | int | None = None
    completed_by: str | None = None


class Shown(Message):
    """A trace in a queue as clients read it; times in milliseconds."""

    queue_id: str
    item_type: str
    item_id: str
    status: str
    creation_time_ms: int
    last_update_time_ms: int
    completed_by: str | UnsetType = UNSET
    completed_time_ms: int | UnsetType = UNSET


def known_queue(shared: Shared, queue: str) -> Queue:
    """Return a queue.

    Raises
    ------
    Refused
        If there is none of that id.
    """
    found = review_queues.find(shared.store.metadata, queue)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Review queue with id '{queue}' not found.")
    return found


def _message(found: Item) -> Shown:
    return Shown(
        queue_id=found.queue,
        item_type="TRACE",
        item_id=found.trace,
        status=found.state,
        creation_time_ms=found.created // 1000,
        last_update_time_ms=found.updated // 1000,
        completed_by=UNSET if found.decided_by is None else found.decided_by,
        completed_time_ms=UNSET if found.decided is None else found.decided // 1000,
    )


def _state(said: object) -> State:
    found = _STATES.get(said)
    if found is None:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"`status` must be one of PENDING, COMPLETE, or DECLINED; got {said!r}.",
        )
    return found


def _add(shared: Shared, asked: Items) -> dict[str, list[Shown]]:
    if asked.item_type not in _TRACE:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"`item_type` must be TRACE; got {asked.item_type!r}."
        )
    queue = known_queue(shared, asked.queue_id)
    found = review_items.add(shared.store.metadata, queue, asked.item_ids)
    return {"items": [_message(one) for one in found]}


def _remove(shared: Shared, asked: Items) -> None:
    queue = known_queue(shared, asked.queue_id)
    review_items.remove(shared.store.metadata, queue, asked.item_ids)


def _list(shared: Shared, asked: List) -> dict[str, object]:
    first, queue = asked.offset(), known_queue(shared, asked.queue_id)
    found = review_items.page(
        shared.store.metadata,
        queue,
        state=None if asked.status in _UNSPECIFIED else _state(asked.status),
        limit=asked.max_results + 1,
        offset=first,
    )
    return asked.shown("items", [_message(one) for one in found])


def _decide(shared: Shared, asked: Decide) -> dict[str, Shown]:
    metadata, state = shared.store.metadata, _state(asked.status)
    queue = known_queue(shared, asked.queue_id)
    found = review_items.decide(metadata, queue, asked.item_id, state, asked.completed_by)
    if found is None:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"Item '{asked.item_id}' is not attached to review queue '{asked.queue_id}'.",
        )
    return {"item": _message(found)}


_PATH = "3.0/mlflow/review-queues/items"

REVIEW_ITEMS: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/add", _add, Items),
    Call("POST", f"{_PATH}/remove", _remove, Items),
    Call("GET", f"{_PATH}/list", _list, List),
    Call("POST", f"{_PATH}/set-status", _decide, Decide),
)
