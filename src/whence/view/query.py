"""SQL over the store's tables, which can neither write nor leave the store.

A query runs in a process of its own (`whence.view.engine`), which is killed when it takes too long
and cannot have more memory than it is allowed: whatever a query does, nobody else is held up.
"""

from __future__ import annotations

import threading
from queue import LifoQueue
from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput, Busy
from whence.view.asked import Answered, List, Question, Run, SqlTable, too_long
from whence.work.child import Child, ChildDied, ChildSlow

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.types.pages import SqlResult

__all__ = ["SqlTable", "run", "tables"]

MOST_ROWS = 10_000
MOST_SECONDS = 30.0

_GRACE = 2.0
"""Seconds after which a process that did not stop when it should is killed."""

_IDLE = 60.0
"""Seconds without a query after which a process ends; a start costs the next one 0.7 s of CPU."""

_AT_ONCE = 2
"""Queries answered at a time; others wait, so that they never take all of a machine."""

_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    # Arrow's own allocator sets a gigabyte aside, for which no limit would hold.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


def _engines() -> LifoQueue[Child]:
    # The last one used comes first: it is the one that runs.
    found: LifoQueue[Child] = LifoQueue()
    for _ in range(_AT_ONCE):
        found.put(Child("whence.view.engine", environment=_ENVIRONMENT, idle=_IDLE))
    return found


_ENGINES = _engines()

_MOST_WAITING = 4
"""Queries that wait for their turn, each in a thread of the server's; more are sent away."""

_PLACES = threading.BoundedSemaphore(_AT_ONCE + _MOST_WAITING)


def tables(store: StoreFolder) -> list[SqlTable]:
    """Return the tables that a query may read."""
    content = _ask(List(str(store.path)), MOST_SECONDS)
    return msgspec.msgpack.decode(content, type=list[SqlTable])


def run(
    store: StoreFolder, sql: str, *, seconds: float = MOST_SECONDS, rows: int = MOST_ROWS
) -> SqlResult:
    """Return the answer of one query.

    Parameters
    ----------
    seconds
        It is stopped after that long.
    rows
        At most that many are returned.

    Raises
    ------
    BadInput
        If it is no single statement that reads, is wrong, or took too long or too much memory.
    Busy
        If too many queries wait already.
    """
    content = _ask(Run(str(store.path), sql, seconds, rows), seconds)
    return msgspec.msgpack.decode(content, type=Answered).result()


def _ask(question: Question, seconds: float) -> bytes:
    if not _PLACES.acquire(blocking=False):
        raise Busy(
            f"{_AT_ONCE} queries run and {_MOST_WAITING} wait for them; ask again in a moment"
        )
    try:
        return _answer(question, seconds)
    finally:
        _PLACES.release()


def _answer(question: Question, seconds: float) -> bytes:
    engine = _ENGINES.get()
    try:
        return engine.ask(msgspec.msgpack.encode(question), seconds + _GRACE)
    except ChildSlow as error:
        raise BadInput(too_long(seconds)) from error
    except ChildDied as error:
        raise BadInput(
            f"the query cannot be answered: its process has ended ({error}), most likely because "
            "it wanted more memory than a query may have; ask for fewer days or columns"
        ) from error
    finally:
        _ENGINES.put(engine)
