"""What goes into a journal: one struct per kind of record, encoded as MessagePack arrays.

Fields are positional, so a new field is added at the end with a default, and none is ever
removed or reordered. Times are microseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "Artifact",
    "Batch",
    "Capture",
    "Event",
    "LabelBatch",
    "LabelRows",
    "Output",
    "Points",
    "Record",
    "Reference",
    "Roles",
    "Rows",
    "RunEnd",
    "RunFacts",
    "RunStart",
    "Shape",
]


class Roles(msgspec.Struct, frozen=True, array_like=True):
    """Which column of a frame plays which part; None where none does."""

    id: str | None = None
    time: str | None = None
    prediction: str | None = None
    proba: str | None = None
    label: str | None = None
    images: str | None = None
    version: str | None = None


class Shape(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The model, columns and roles of the `Rows` that follow in this journal.

    `number` counts from 0 within one journal file (a new file begins anew); `version` is the
    model version given by the caller for all rows; `zone` is for times that carry none.
    """

    number: int
    model: str
    columns: tuple[str, ...]
    roles: Roles
    version: str | None = None
    zone: str | None = None


class Rows(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Predictions, positional after shape number `shape`; `logged` is when the call was made."""

    shape: int
    logged: int
    rows: list[list[Any]]


class Batch(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Predictions as one Arrow IPC stream (schema, batches, end of stream)."""

    model: str
    roles: Roles
    logged: int
    ipc: bytes
    version: str | None = None
    zone: str | None = None


class LabelRows(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Late labels as pairs of id and truth; `times` says when each became known, else `logged`."""

    model: str
    logged: int
    ids: list[Any]
    labels: list[Any]
    times: list[Any] | None = None


class LabelBatch(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Late labels as an Arrow IPC stream; `id`, `label` and `time` name its columns."""

    model: str
    logged: int
    ipc: bytes
    id: str
    label: str
    time: str | None = None
    zone: str | None = None


class Event(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Something that happened outside the data.

    `kind` is one of external, deploy, config, campaign; `scope` limits it to rows with these
    values; `model` limits it to one model. `id` makes recording it twice harmless.
    """

    id: str
    name: str
    at: int
    kind: str = "external"
    scope: dict[str, str] = {}
    model: str | None = None


class Reference(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """The period in which a model was known to be healthy; the latest by `logged` holds."""

    model: str
    start: int
    end: int
    logged: int


class RunStart(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """A run begins; the journal that holds this record says whether its process is alive.

    `run` is a UUID version 7, so it says by itself on which day the run began.
    """

    run: str
    at: int
    project: str
    name: str
    parent: str | None = None


class RunFacts(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Params and tags of a run, beside those said before; the latest by `at` hold."""

    run: str
    at: int
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}


class Points(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """Values of metrics at one step of a run."""

    run: str
    at: int
    step: int
    values: dict[str, float]


class RunEnd(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """A run ended as its program says: finished or failed."""

    run: str
    at: int
    status: str


class Artifact(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """A file of a run; its content is the blob of that SHA-256 (hexadecimal) and size in bytes."""

    run: str
    at: int
    path: str
    digest: str
    size: int


class Capture(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """What was captured of a run by itself, once of each kind of `whence.types.captured.KINDS`.

    `payload` is its MessagePack; None where it is the same as of another run of the same
    process, `same_as`.
    """

    run: str
    at: int
    kind: str
    payload: bytes | None = None
    same_as: str | None = None


class Output(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Lines that a run's program printed, from line `number` on.

    `stream` is stdout, stderr, or whence where something was left out.
    """

    run: str
    at: int
    number: int
    stream: str
    text: str


class DatasetSaid(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """A dataset, and what it was made from; `run` used it as `context`, "" where none did.

    `id` is a UUID of this record; the dataset is told by name and digest.
    """

    id: str
    at: int
    name: str
    digest: str
    kind: str
    source: str
    made_from: list[str]
    run: str = ""
    context: str = ""


Record = (
    Shape
    | Rows
    | Batch
    | LabelRows
    | LabelBatch
    | Event
    | Reference
    | RunStart
    | RunFacts
    | Points
    | RunEnd
    | Artifact
    | Capture
    | Output
    | DatasetSaid
)
