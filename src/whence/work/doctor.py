"""Whether a store is sound: what was set aside and why, what waits, what to do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from whence.journal.reader import alive, journals
from whence.store.contents import blobs

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
    yield from _contents(store)


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
    tables = [
        (f"model {model!r}", table)
        for model in store.models()
        for table in (store.predictions(model), store.labels(model))
    ]
    if (store.path / "points").exists():
        tables.append(("the points of runs", store.points()))
    for whose, table in tables:
        for path in table.missing_files():
            yield Complaint(
                "wrong",
                f"the data file {path} of {whose} is gone",
                f"restore it from a backup; until then reading {whose} fails",
            )


def _contents(store: StoreFolder) -> Iterator[Complaint]:
    kept = blobs(store)
    rows = store.metadata.all(
        "SELECT digest, size, COUNT(*), MIN(path) FROM artifacts GROUP BY digest, size"
    )
    for digest, size, number, path in rows:
        found = kept.size(digest)
        if found == size:
            continue
        more = "" if number == 1 else f" and {number - 1:,} more"
        lacks = "is gone" if found is None else f"has {found:,} bytes instead of {size:,}"
        yield Complaint(
            "wrong",
            f"the content of the artifact {path}{more} {lacks}",
            f"log it again, or restore {kept.path(digest)} from a backup",
        )
