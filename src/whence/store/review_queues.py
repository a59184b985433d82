"""Review queues: which of a project's traces people are to look at, and what they are asked."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.metadata import Metadata

__all__ = ["Queue", "check_user", "create", "delete", "find", "named", "page", "update"]

_FIELDS = "id, project, name, folded, personal, owner, users, schemas, created, updated"

_LONGEST, _MOST_USERS = 250, 10
"""Characters of a name or a user, and users of a queue."""

_RESERVED = "default"
"""A name that no shared queue may have."""


class Queue(NamedTuple):
    """One queue; times are microseconds since 1970 (UTC).

    `folded` is the name as names are compared: in small letters. A `personal` queue is one
    user's, by whose name it goes; it asks all of the project's questions. `users` are who
    reviews, `schemas` the ids of the questions asked, both sorted; `owner` is None if nobody
    is known to own it.
    """

    id: str
    project: int
    name: str
    folded: str
    personal: bool
    owner: str | None
    users: tuple[str, ...]
    schemas: tuple[str, ...]
    created: int
    updated: int


def create(
    metadata: Metadata,
    project: int,
    name: str,
    *,
    personal: bool = False,
    users: Sequence[str] = (),
    schemas: Sequence[str] = (),
    owner: str | None = None,
) -> Queue | None:
    """Make a queue and return it; None if the project has one of that name.

    Raises
    ------
    BadInput
        If the name, the users or the questions cannot be.
    """
    asked, people = _schemas(metadata, project, schemas), _users(users)
    if personal:
        name = check_user(name)
        people = people or (name,)
        if people != (name,):
            raise BadInput(
                f"the queue of the user {name!r} is for {list(people)}; give only {name!r}"
            )
        if asked:
            raise BadInput(f"the queue of the user {name!r} asks every question; give no schemas")
    else:
        name = _name(name)
    at = now()
    made = Queue(
        id=f"rq-{uuid.uuid4().hex}",
        project=project,
        name=name,
        folded=name.lower(),
        personal=personal,
        owner=owner,
        users=people,
        schemas=asked,
        created=at,
        updated=at,
    )
    with metadata.transaction():
        if named(metadata, project, name) is not None:
            return None
        _put(metadata, made)
    return made


def find(metadata: Metadata, queue: str) -> Queue | None:
    """Return a queue by its id; None if there is none."""
    row = metadata.one(f"SELECT {_FIELDS} FROM review_queues WHERE id = ?", queue)  # noqa: S608 - of fixed words
    return None if row is None else _read(row)


def named(metadata: Metadata, project: int, name: str) -> Queue | None:
    """Return a project's queue of a name, in letters of either case; None if there is none."""
    row = metadata.one(
        f"SELECT {_FIELDS} FROM review_queues WHERE project = ? AND folded = ?",  # noqa: S608 - of fixed words
        *(project, name.lower()),
    )
    return None if row is None else _read(row)


def page(
    metadata: Metadata,
    project: int,
    *,
    user: str | None = None,
    trace: str | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[Queue]:
    """Return a page of a project's queues, the latest first; a negative limit is none.

    Parameters
    ----------
    user
        Only queues that this user reviews.
    trace
        Only queues that hold this trace.
    """
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM review_queues WHERE project = ?1"  # noqa: S608 - of fixed words
        " AND (?2 IS NULL OR EXISTS (SELECT 1 FROM json_each(users) WHERE value = ?2))"
        " AND (?3 IS NULL OR id IN (SELECT queue FROM review_items WHERE trace = ?3))"
        " ORDER BY created / 1000 DESC, id LIMIT ?4 OFFSET ?5",
        *(project, None if user is None else user.strip().lower(), trace, limit, offset),
    )
    return [_read(row) for row in rows]


def update(
    metadata: Metadata,
    queue: Queue,
    *,
    name: str | None = None,
    users: Sequence[str] | None = None,
    schemas: Sequence[str] | None = None,
    owner: str | None = None,
) -> Queue | None:
    """Change what is given of a queue and return it; None if the new name is taken.

    Raises
    ------
    BadInput
        If it cannot be changed so: a user's own queue, or the questions once there are traces.
    """
    if queue.personal:
        raise BadInput(f"the queue of the user {queue.name!r} cannot be updated; make another one")
    if name is None and users is None and schemas is None and owner is None:
        return queue
    changed = queue._replace(updated=now())
    if owner is not None:
        changed = changed._replace(owner=_text("owner", owner.strip()))
    if name is not None:
        name = _name(name)
        changed = changed._replace(name=name, folded=name.lower())
    if users is not None:
        changed = changed._replace(users=_users(users))
    with metadata.transaction():
        if schemas is not None:
            if metadata.one("SELECT 1 FROM review_items WHERE queue = ?", queue.id):
                raise BadInput(
                    f"the questions of the review queue {queue.name!r} are locked once it has "
                    "items; remove them first"
                )
            changed = changed._replace(schemas=_schemas(metadata, queue.project, schemas))
        same = named(metadata, changed.project, changed.name)
        if same is not None and same.id != changed.id:
            return None
        _put(metadata, changed)
    return changed


def delete(metadata: Metadata, queue: str) -> None:
    """Delete a queue; one that is not there changes nothing."""
    with metadata.transaction():
        metadata.run("DELETE FROM review_items WHERE queue = ?", queue)
        metadata.run("DELETE FROM review_queues WHERE id = ?", queue)


def check_user(user: str) -> str:
    """Return a user's name as names of users are kept: in small letters.

    Raises
    ------
    BadInput
        If it is blank or too long.
    """
    return _text("user", user.strip().lower())


def _name(name: str) -> str:
    name = _text("name", name.strip())
    if name.lower() == _RESERVED:
        raise BadInput(f"the name {name!r} is reserved; give the review queue another one")
    return name


def _text(what: str, text: str) -> str:
    if not 1 <= len(text) <= _LONGEST:
        raise BadInput(
            f"the review queue's {what} {text!r:.80} has {len(text)} characters; give 1 to "
            f"{_LONGEST}"
        )
    return text


def _users(users: Sequence[str]) -> tuple[str, ...]:
    found = tuple(sorted({check_user(one) for one in users}))
    if len(found) > _MOST_USERS:
        raise BadInput(f"the review queue has {len(found)} users; give at most {_MOST_USERS}")
    return found


def _schemas(metadata: Metadata, project: int, schemas: Sequence[str]) -> tuple[str, ...]:
    asked = tuple(sorted({one.strip() for one in schemas}))
    found = {schema for (schema,) in metadata.all(
        "SELECT id FROM label_schemas WHERE project = ?"
        " AND id IN (SELECT value FROM json_each(?))",
        *(project, json.dumps(asked)),
    )}  # fmt: skip
    missing = [one for one in asked if one not in found]
    if missing:
        raise BadInput(f"label schemas {missing} are not found in project {project}")
    return asked


def _read(row: tuple[object, ...]) -> Queue:
    found = Queue._make(row)
    return found._replace(
        personal=bool(found.personal),
        users=msgspec.json.decode(str(found.users), type=tuple[str, ...]),
        schemas=msgspec.json.decode(str(found.schemas), type=tuple[str, ...]),
    )


def _put(metadata: Metadata, queue: Queue) -> None:
    lists = {"users": json.dumps(queue.users), "schemas": json.dumps(queue.schemas)}
    metadata.run(
        f"INSERT OR REPLACE INTO review_queues ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - of fixed words
        *(queue._asdict() | lists).values(),
    )
