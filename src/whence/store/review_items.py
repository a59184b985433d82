"""The traces of a review queue, and what became of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, NamedTuple

from whence.errors import BadInput, NotFound
from whence.store.review_queues import check_user
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.metadata import Metadata
    from whence.store.review_queues import Queue

__all__ = ["Item", "State", "add", "decide", "page", "remove"]

State = Literal["PENDING", "COMPLETE", "DECLINED"]
"""What became of a trace."""

_FIELDS = "queue, trace, state, decided_by, decided, created, updated"


class Item(NamedTuple):
    """One trace in a queue; times are microseconds since 1970 (UTC).

    `decided_by` and `decided` are who reviewed or declined it and when, or None while it waits.
    """

    queue: str
    trace: str
    state: State
    decided_by: str | None
    decided: int | None
    created: int
    updated: int


def add(metadata: Metadata, queue: Queue, traces: Sequence[str]) -> list[Item]:
    """Put traces into a queue and return them as they are in it; again changes nothing.

    Raises
    ------
    BadInput
        If there are none.
    NotFound
        If one is not among the traces of the queue's project; then none is put in.
    """
    wanted, at = _listed(traces), now()
    with metadata.transaction():
        known = {trace for (trace,) in metadata.all(
            "SELECT id FROM traces WHERE project = ? AND id IN (SELECT value FROM json_each(?))",
            *(queue.project, json.dumps(wanted)),
        )}  # fmt: skip
        strange = [trace for trace in wanted if trace not in known]
        if strange:
            raise NotFound(
                f"traces {strange} do not exist in project {queue.project}, whose queue "
                f"{queue.name!r} is; give traces of that project"
            )
        metadata.run_many(
            f"INSERT INTO review_items ({_FIELDS}) VALUES (?, ?, 'PENDING', NULL, NULL, ?, ?)"  # noqa: S608 - of fixed words
            " ON CONFLICT DO NOTHING",
            [(queue.id, trace, at, at) for trace in wanted],
        )
        rows = metadata.all(
            f"SELECT {_FIELDS} FROM review_items WHERE queue = ?"  # noqa: S608 - of fixed words
            " AND trace IN (SELECT value FROM json_each(?))",
            *(queue.id, json.dumps(wanted)),
        )
    found = {item.trace: item for item in map(Item._make, rows)}
    return [found[trace] for trace in wanted]


def remove(metadata: Metadata, queue: Queue, traces: Sequence[str]) -> None:
    """Take traces out of a queue; those that are not in it change nothing.

    Raises
    ------
    BadInput
        If there are none.
    """
    metadata.run(
        "DELETE FROM review_items WHERE queue = ? AND trace IN (SELECT value FROM json_each(?))",
        *(queue.id, json.dumps(_listed(traces))),
    )


def page(
    metadata: Metadata,
    queue: Queue,
    *,
    state: State | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[Item]:
    """Return a page of a queue's traces, the last put in first; a negative limit is none."""
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM review_items WHERE queue = ?1 AND (?2 IS NULL OR state = ?2)"  # noqa: S608 - of fixed words
        " ORDER BY created / 1000 DESC, trace LIMIT ?3 OFFSET ?4",
        *(queue.id, state, limit, offset),
    )
    return [Item._make(row) for row in rows]


def decide(
    metadata: Metadata, queue: Queue, trace: str, state: State, by: str | None = None
) -> Item | None:
    """Say what became of a trace and return it; None if it is not in the queue.

    What was said before by whom stays if it is said again; a trace that waits again is nobody's.

    Raises
    ------
    BadInput
        If it is not said who decided, or who let it wait again.
    """
    by = None if by is None else check_user(by)
    if state == "PENDING" and by is not None:
        raise BadInput(f"completed_by is {by!r} of an item that waits; leave it out")
    if state != "PENDING" and by is None:
        raise BadInput(f"completed_by is required when setting status to {state}; name the user")
    with metadata.transaction():
        before = _one(metadata, queue, trace)
        if before is not None and before.state != state:
            at = now()
            metadata.run(
                "UPDATE review_items SET state = ?, decided_by = ?, decided = ?, updated = ?"
                " WHERE queue = ? AND trace = ?",
                *(state, by, None if by is None else at, at, queue.id, before.trace),
            )
        return _one(metadata, queue, trace)


def _one(metadata: Metadata, queue: Queue, trace: str) -> Item | None:
    row = metadata.one(
        f"SELECT {_FIELDS} FROM review_items WHERE queue = ? AND trace = ?",  # noqa: S608 - of fixed words
        *(queue.id, trace.strip()),
    )
    return None if row is None else Item._make(row)


def _listed(traces: Sequence[str]) -> list[str]:
    found = [*dict.fromkeys(trace.strip() for trace in traces)]
    if not found or not all(found):
        raise BadInput(f"item_ids is {[*traces]}; give the ids of one or more traces")
    return found
