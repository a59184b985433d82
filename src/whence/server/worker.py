"""The jobs of a server, run in one process of their own.

Folding, counting and diagnosing keep a processor busy for minutes at times. In the process that
answers they would hold up every page; here they run at a low priority beside it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from whence.errors import StoreError
from whence.work.child import Child, ChildDied, reply

__all__ = ["Worker"]

IDLE = 120.0
"""Seconds without a job after which the process ends: what a fold needs is large, a start short."""

_POLITENESS = 10
"""What is added to the process's nice value: readers come first, yet it is never starved."""

_ENVIRONMENT = {"OMP_NUM_THREADS": "1"}
"""Jobs have threads of their own; those of the libraries would only take turns with them."""


class _Models(msgspec.Struct, tag="models"):
    """Fold, and name the models."""


class _Watch(msgspec.Struct, tag="watch"):
    """Watch one model."""

    model: str


class _Why(msgspec.Struct, tag="why"):
    """Make a verdict on an incident."""

    model: str
    incident: str


_Job = _Models | _Watch | _Why


class Worker:
    """Runs the jobs on one store, one at a time; see `whence.api.jobs`.

    What a job finds is in the store afterwards, so nothing but names comes back.

    Parameters
    ----------
    store
        The store's folder.
    """

    def __init__(self, store: Path) -> None:
        self._child = Child(__name__, (str(store),), environment=_ENVIRONMENT, idle=IDLE)

    def models(self) -> list[str]:
        """Fold what was recorded, and return the models."""
        return msgspec.json.decode(self._run(_Models()), type=list[str])

    def watch(self, model: str) -> None:
        """Fold, and watch a model."""
        self._run(_Watch(model))

    def why(self, model: str, incident: str) -> None:
        """Make a verdict on an incident."""
        self._run(_Why(model, incident))

    def end(self) -> None:
        """End the process, in the middle of a job if there is one, which then raises."""
        self._child.end()

    def _run(self, job: _Job) -> bytes:
        """Do a job.

        Raises
        ------
        WhenceError
            As the job raised it.
        StoreError
            If the process died; the store is whole, for every change of it is all or nothing.
        ChildFailed
            If the job met an error that nobody foresaw.
        """
        try:
            return self._child.ask(msgspec.json.encode(job))
        except ChildDied as error:
            raise StoreError(
                f"the process that folds and diagnoses has ended ({error}); nothing is lost, and "
                "the next look does it again. If it happens often, see whether memory is short"
            ) from error


def main(descriptor: str, store: str) -> None:
    """Do the jobs that a server asks for: what the process runs."""
    os.nice(_POLITENESS)
    where = Path(store)
    jobs_of = msgspec.json.Decoder(_Job)
    reply(int(descriptor), lambda question: _do(where, jobs_of.decode(question)))


def _do(store: Path, job: _Job) -> bytes:
    from whence.api import jobs  # noqa: PLC0415 - only this process does them

    match job:
        case _Models():
            return msgspec.json.encode(jobs.models(store))
        case _Watch():
            jobs.watch(store, job.model)
        case _Why():
            jobs.why(store, job.model, incident=job.incident)
    return b""


if __name__ == "__main__":
    main(*sys.argv[1:])
