"""Whether a store is sound: what was set aside and why, what waits, what to do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from whence.journal.reader import alive, journals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.store.folder import StoreFolder

__all__ = ["Complaint", "examine"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing worth knowing: ``"wrong"`` needs doing something, ``"note"`` does not."""

    grade: Literal["wrong", "note"]
    what: str
    remedy: str


def examine(store: StoreFolder) -> Iterator[Complaint]:
    """Yield what is worth knowing about a store that was just folded."""
    yield from _database(store)
    yield from _epochs(store)
    yield from _journals(store)
    yield from _quarantine(store)
    yield from _pending(store)
    yield from _kinds(store)
    yield from _tables(store)


def _database(store: StoreFolder) -> Iterator[Complaint]:
    for (message,) in store.metadata.all("PRAGMA integrity_check"):
        if message != "ok":
            yield Complaint(
                "wrong",
                f"the database whence.db is damaged: {message}",
                "restore it from a backup; tables and journals are not affected",
            )


def _epochs(store: StoreFolder) -> Iterator[Complaint]:
    for epoch, state in store.metadata.all("SELECT epoch, state FROM epochs WHERE state != 'done'"):
        if state == "abandoned":
            yield Complaint(
                "note",
                f"epoch {epoch} was an import that was cut short and whose file is gone",
                "import the file again: rows that are stored already are recognised by their id",
            )
        else:
            yield Complaint(
                "wrong", f"epoch {epoch} is planned and not done", "run any whence command again"
            )


def _journals(store: StoreFolder) -> Iterator[Complaint]:
    done = {
        name: (folded, skipped)
        for name, folded, skipped in store.metadata.all(
            "SELECT name, folded, skipped FROM journals"
        )
    }
    for path in journals(store.journals):
        folded, skipped = done.get(path.name, (0, 0))
        if skipped:
            yield Complaint(
                "note",
                f"{skipped:,} bytes of the journal {path.name} were no whole record: a process "
                "was killed in the middle of a call, or the disk was full",
                "nothing that was acknowledged is among them unless the file was damaged later",
            )
        left = path.stat().st_size - folded
        if left > 0 and alive(path) is None:
            yield Complaint(
                "note",
                f"{left:,} bytes of the journal {path.name} belong to another host and may still "
                "grow",
                "they are folded when they make a whole record",
            )


def _quarantine(store: StoreFolder) -> Iterator[Complaint]:
    rows = store.metadata.all(
        "SELECT model, reason, COUNT(*) FROM quarantine GROUP BY model, reason"
        " ORDER BY COUNT(*) DESC"
    )
    for model, reason, number in rows:
        of = f" of model {model!r}" if model else ""
        yield Complaint(
            "wrong",
            f"{number:,} records{of} are in quarantine: {reason}",
            "correct them at their source and log or import them again",
        )


def _pending(store: StoreFolder) -> Iterator[Complaint]:
    rows = store.metadata.all("SELECT model, COUNT(*), MIN(id) FROM pending GROUP BY model")
    for model, number, example in rows:
        yield Complaint(
            "note",
            f"{number:,} labels of model {model!r} name an unknown prediction, such as {example!r}",
            "they are matched when predictions with these ids come; if none will, the labels "
            "belong to another model or their ids are written differently",
        )


def _kinds(store: StoreFolder) -> Iterator[Complaint]:
    for model in store.models():
        kinds = defaultdict(list)
        for entry in store.columns(model).entries:
            kinds[entry.name].append(entry.kind)
        for name, found in kinds.items():
            if len(found) > 1:
                yield Complaint(
                    "wrong",
                    f"column {name!r} of model {model!r} has held {' and '.join(found)}",
                    "each kind is stored on its own and nothing is lost; log it as one kind",
                )


def _tables(store: StoreFolder) -> Iterator[Complaint]:
    for model in store.models():
        for table in (store.predictions(model), store.labels(model)):
            for path in table.missing_files():
                yield Complaint(
                    "wrong",
                    f"the data file {path} of model {model!r} is gone",
                    "restore it from a backup; until then reading this model fails",
                )
