"""Review queues: made, changed, listed and deleted.

The traces in them are in review_items.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.label_schemas import active_project
from whence.server.mlflow.review_items import REVIEW_ITEMS, OfQueue, Page, known_queue
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import review_queues

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.review_queues import Queue

__all__ = ["REVIEW_QUEUES"]

_PERSONAL: dict[object, bool] = {"USER": True, "CUSTOM": False, 1: True, 2: False}
"""Whether a type of queue is one user's, by its name in the proto and by its number."""


class Create(Message):
    """A new queue."""

    experiment_id: str
    name: str
    queue_type: str | int = ""
    users: list[str] = msgspec.field(default_factory=list)
    schema_ids: list[str] = msgspec.field(default_factory=list)


class OfUser(Message):
    """A user's own queue."""

    experiment_id: str
    user: str


class OfName(Message):
    """A queue, by its name."""

    experiment_id: str
    name: str


class InExperiment(Page, kw_only=True):
    """An experiment's queues: all, those of a user, those that hold a trace."""

    experiment_id: str
    user: str | None = None
    item_id: str | None = None


class Update(OfQueue):
    """What changes of a queue; lists change where that is said."""

    update_users: bool = False
    users: list[str] = msgspec.field(default_factory=list)
    update_schema_ids: bool = False
    schema_ids: list[str] = msgspec.field(default_factory=list)
    name: str | None = None
    new_owner: str | None = None


class Shown(Message):
    """A queue as clients read it; times in milliseconds."""

    queue_id: str
    experiment_id: str
    name: str
    queue_type: str
    creation_time_ms: int
    last_update_time_ms: int
    created_by: str | UnsetType = UNSET
    users: tuple[str, ...] = ()
    schema_ids: tuple[str, ...] = ()


def _message(found: Queue) -> Shown:
    return Shown(
        queue_id=found.id,
        experiment_id=str(found.project),
        name=found.name,
        queue_type="USER" if found.personal else "CUSTOM",
        creation_time_ms=found.created // 1000,
        last_update_time_ms=found.updated // 1000,
        created_by=UNSET if found.owner is None else found.owner,
        users=found.users,
        schema_ids=found.schemas,
    )


def _shown(found: Queue) -> dict[str, Shown]:
    return {"review_queue": _message(found)}


def _taken(name: str) -> Refused:
    return Refused(
        "RESOURCE_ALREADY_EXISTS",
        f"Review queue with name '{name}' already exists (names are case-insensitive).",
    )


def _create(shared: Shared, asked: Create) -> dict[str, Shown]:
    personal = _PERSONAL.get(asked.queue_type)
    if personal is None:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"`queue_type` must be one of USER or CUSTOM; got {asked.queue_type!r}.",
        )
    made = review_queues.create(
        shared.store.metadata,
        active_project(shared, asked.experiment_id),
        asked.name,
        personal=personal,
        users=asked.users,
        schemas=asked.schema_ids,
    )
    if made is None:
        raise _taken(asked.name.strip())
    return _shown(made)


def _of_user(shared: Shared, asked: OfUser) -> dict[str, Shown]:
    """Return a user's own queue, made if it is not there."""
    metadata = shared.store.metadata
    project, user = active_project(shared, asked.experiment_id), asked.user.strip().lower()
    made = review_queues.create(metadata, project, user, personal=True, owner=user)
    found = made or review_queues.named(metadata, project, user)
    if found is None or not found.personal:
        raise Refused(
            "RESOURCE_ALREADY_EXISTS",
            f"A non-user queue named '{user}' already exists; cannot get-or-create a user queue "
            "with that name.",
        )
    return _shown(found)


def _get(shared: Shared, asked: OfQueue) -> dict[str, Shown]:
    return _shown(known_queue(shared, asked.queue_id))


def _get_by_name(shared: Shared, asked: OfName) -> dict[str, Shown]:
    project = active_project(shared, asked.experiment_id)
    found = review_queues.named(shared.store.metadata, project, asked.name)
    if found is None:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"Review queue with name '{asked.name}' not found for experiment '{project}'.",
        )
    return _shown(found)


def _list(shared: Shared, asked: InExperiment) -> dict[str, object]:
    first = asked.offset()
    found = review_queues.page(
        shared.store.metadata,
        active_project(shared, asked.experiment_id),
        user=asked.user,
        trace=asked.item_id,
        limit=asked.max_results + 1,
        offset=first,
    )
    return asked.shown("review_queues", [_message(one) for one in found])


def _update(shared: Shared, asked: Update) -> dict[str, Shown]:
    changed = review_queues.update(
        shared.store.metadata,
        known_queue(shared, asked.queue_id),
        name=asked.name,
        users=asked.users if asked.update_users else None,
        schemas=asked.schema_ids if asked.update_schema_ids else None,
        owner=asked.new_owner,
    )
    if changed is None:
        raise _taken(str(asked.name))
    return _shown(changed)


def _delete(shared: Shared, asked: OfQueue) -> None:
    review_queues.delete(shared.store.metadata, asked.queue_id)


_PATH = "3.0/mlflow/review-queues"

REVIEW_QUEUES: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("POST", f"{_PATH}/get-or-create-user", _of_user, OfUser),
    Call("GET", f"{_PATH}/get", _get, OfQueue),
    Call("GET", f"{_PATH}/get-by-name", _get_by_name, OfName),
    Call("GET", f"{_PATH}/list", _list, InExperiment),
    Call("POST", f"{_PATH}/update", _update, Update),
    Call("POST", f"{_PATH}/delete", _delete, OfQueue),
    *REVIEW_ITEMS,
)
