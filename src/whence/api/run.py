"""A run of an experiment, as a program holds it."""

from __future__ import annotations

import atexit
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from whence import record
from whence.api.artifacts import Artifacts
from whence.api.capture import Captures, choose
from whence.api.location import locate
from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType
    from typing import Self

    from whence.api.dataset import Dataset

__all__ = ["Run", "start_run"]


def start_run(
    *,
    project: str = "Default",
    name: str | None = None,
    params: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    parent: Run | str | None = None,
    capture: bool | Collection[str] | None = None,
    store: str | os.PathLike[str] | None = None,
) -> Run:
    """Begin a run and return it.

    Parameters
    ----------
    project
        What it belongs to, at most 200 characters.
    name
        How people call it; the time it began (UTC) if None.
    params
        What it was given: numbers, texts, and lists and dicts of them.
    tags
        What it is to be found by.
    parent
        The run, or its id, that this is a part of.
    capture
        What is recorded by itself: some of ``"git"``, ``"environment"``, ``"output"``,
        ``"system"`` and ``"variables"``; True for the first four (without ``"output"`` where a
        person types), False for nothing; what ``WHENCE_CAPTURE`` says if None, else True.
    store
        The store's folder or a server's address; by default ``WHENCE_STORE``, else ``./.whence``.

    Raises
    ------
    BadInput
        If a name, a param or a tag cannot be recorded, or `capture` names what there is not.
    Unwritable
        If the store cannot be written.

    Examples
    --------
    >>> import whence
    >>> with whence.start_run(project="digits", params={"lr": 0.1}) as run:
    ...     for step in range(3):
    ...         run.log({"loss": 1 / (step + 1)}, step=step)
    """
    where, chosen = locate(store), choose(capture)
    called = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}" if name is None else name
    inside = parent.id if isinstance(parent, Run) else parent
    identifier = record.start_run(
        where, project=project, name=called, parent=inside, params=params, tags=tags
    )
    return Run(identifier, where, Captures(where, identifier, chosen))


class Run(Artifacts):
    """One run: say what it was given and how it goes, then finish it.

    Every call appends to this process's journal and returns. A run that is not finished when
    its program ends is finished then, as failed if an exception ended the program; one whose
    process was killed is marked so by whoever reads the store next.

    Threads, and processes forked from this one, may log to it too.

    Examples
    --------
    >>> import whence
    >>> run = whence.start_run(name="tuned")
    >>> run.log({"loss": 0.3})
    >>> run.finish()
    >>> whence.open().run("tuned").status
    'finished'
    """

    def __init__(
        self, identifier: str, store: os.PathLike[str], captures: Captures | None = None
    ) -> None:
        self.id = identifier
        self._captures = captures
        self._records = record.RunRecords(locate(store), identifier)
        self._store = locate(store)
        self._next = 0
        self._ended = False
        _open[identifier] = self

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    def log(self, values: dict[str, Any], *, step: int | None = None) -> None:
        """Record the values of metrics at a step.

        Parameters
        ----------
        values
            Metric -> a number, NaN and infinities too; arrays and tensors of one element are
            numbers.
        step
            Any 64-bit integer, in any order; one more than the largest so far if None.

        Raises
        ------
        BadInput
            If a value is no number, or the step is none, or the run is finished.
        Unwritable
            If the store cannot be written.
        """
        if self._ended:
            raise BadInput(f"run {self.id} is finished; start another to log more")
        at = self._next if step is None else step
        self._records.points(values, at)
        if at >= self._next:
            self._next = int(at) + 1

    def log_params(self, params: dict[str, Any]) -> None:
        """Record what the run was given, beside what was said before; the latest value holds."""
        self._records.facts(params=params)

    def set_tags(self, tags: dict[str, str]) -> None:
        """Record tags, beside those said before; the latest value holds."""
        self._records.facts(tags=tags)

    def use_dataset(self, dataset: Dataset, *, context: str = "") -> None:
        """Record that the run used a dataset, such as for ``"training"``.

        Raises
        ------
        BadInput
            If it is no dataset as `whence.dataset` gives it.
        Unwritable
            If the store cannot be written.
        """
        from whence.api.dataset import Dataset  # noqa: PLC0415 - a run that uses none needs none

        if not isinstance(dataset, Dataset):
            raise BadInput(
                f"{dataset!r:.80} is no dataset; make one with whence.dataset(name, source)"
            )
        record.say_dataset(
            self._store,
            name=dataset.name,
            digest=dataset.digest,
            kind=dataset.kind,
            source=dataset.source,
            made_from=dataset.made_from,
            run=self.id,
            context=context,
        )

    def finish(self, status: str = "finished") -> None:
        """Record that the run ended; again does nothing.

        Parameters
        ----------
        status
            ``"finished"`` or ``"failed"``.

        Raises
        ------
        BadInput
            If it is neither.
        """
        if status not in _ENDS:
            raise BadInput(f"status is {status!r:.80}; give one of {', '.join(_ENDS)}")
        self._finish(status, None)

    def _finish(self, status: str, error: BaseException | None) -> None:
        if self._ended:
            return
        if self._captures is not None:
            self._captures.end(error)
        self._records.end(status)
        self._ended = True
        _open.pop(self.id, None)
        if self._captures is not None:
            self._captures.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish("finished" if kind is None else "failed", error)


_ENDS = ("finished", "failed")

_open: dict[str, Run] = {}
"""Runs that this process began and did not finish."""


def _finish_all() -> None:
    """Finish what was left open, when the interpreter exits by itself."""
    crashed = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in [*_open.values()]:
        run.finish("finished" if crashed is None else "failed")


atexit.register(_finish_all)

if hasattr(os, "register_at_fork"):
    # The runs of a parent go on when its child ends.
    os.register_at_fork(after_in_child=_open.clear)
