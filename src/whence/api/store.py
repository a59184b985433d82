"""The store, as a program holds it, and what belongs to no single model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from whence import record
from whence.api.location import locate
from whence.api.model import Model
from whence.api.run import Run, start_run
from whence.api.stored_run import StoredRun
from whence.types.time import parse_time

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from whence.api.dataset import Dataset
    from whence.api.registry import Registered
    from whence.types.lineage import Lineage
    from whence.types.registry import RegisteredModelRow, VersionRow
    from whence.types.runs import RunRow
    from whence.work.compact import Compacted

__all__ = ["Store", "event", "flush", "open"]


def open(store: str | os.PathLike[str] | None = None) -> Store:  # noqa: A001 - whence.open
    """Return a handle on a store; it is made when something is recorded.

    Parameters
    ----------
    store
        The folder, or a server's address (``http://...``) to record for; by default
        ``WHENCE_STORE``, else ``./.whence``.

    Examples
    --------
    >>> import whence
    >>> whence.open().model("churn")
    Model('churn')
    """
    return Store(store)


def event(
    name: str,
    *,
    at: datetime | str,
    kind: str = "external",
    scope: dict[str, str] | None = None,
    model: str | None = None,
    store: str | os.PathLike[str] | None = None,
) -> str:
    """Record something that happened outside the data; return its id.

    Events are candidates for what a failure began with. The same event again changes nothing.

    Parameters
    ----------
    name
        What happened, in words.
    at
        When: an aware time or ISO 8601 text.
    kind
        ``"external"``, ``"deploy"``, ``"config"`` or ``"campaign"``.
    scope
        Column -> value of the rows it concerns; all rows if None.
    model
        The model it concerns; all models if None.
    store
        The store's folder, as for `open`.

    Raises
    ------
    NaiveTime, BadInput
        If the time or the kind cannot be used.

    Examples
    --------
    >>> import whence
    >>> key = whence.event("new phone on sale", at="2023-09-22", scope={"device": "X20"})
    """
    when = parse_time(at) if isinstance(at, str) else at
    return record.event(locate(store), name, at=when, kind=kind, scope=scope, model=model)


def flush(store: str | os.PathLike[str] | None = None) -> None:
    """Wait until what this process recorded is on the disk, so that it survives power loss.

    Of a server, until the server has it on its disk.

    Raises
    ------
    StoreError
        If the server has not taken all of it within a minute; nothing is lost, it is sent on.
    Unwritable
        If the disk reports an error.

    Examples
    --------
    >>> import whence
    >>> whence.flush()
    """
    record.flush(locate(store))


class Store:
    """A handle on a store.

    Parameters
    ----------
    path
        The folder; by default ``WHENCE_STORE``, else ``./.whence``.

    Examples
    --------
    >>> import whence
    >>> store = whence.Store()
    >>> store.model("churn").log({"id": "a", "age": 31, "pred": 0}, id="id", prediction="pred")
    1
    >>> store.models()
    ['churn']
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = locate(path)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def model(self, name: str) -> Model:
        """Return a handle on a model of this store; see `whence.model`."""
        return Model(name, store=self.path)

    def models(self) -> list[str]:
        """Return the names of the models with predictions, in order; what is recorded counts.

        Raises
        ------
        MissingDependency
            If the extra ``app`` is not installed.
        """
        from whence.api.jobs import models  # noqa: PLC0415 - needs the extra `app`

        return models(self.path)

    def start_run(
        self,
        *,
        project: str = "Default",
        name: str | None = None,
        params: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        parent: Run | str | None = None,
        capture: bool | Collection[str] | None = None,
    ) -> Run:
        """Begin a run in this store; see `whence.start_run`."""
        return start_run(
            project=project,
            name=name,
            params=params,
            tags=tags,
            parent=parent,
            capture=capture,
            store=self.path,
        )

    def dataset(
        self,
        name: str,
        source: str | os.PathLike[str] = "",
        *,
        digest: str | None = None,
        made_from: Sequence[str | Dataset] = (),
    ) -> Dataset:
        """State a dataset and what produced it, in this store; see `whence.dataset`."""
        from whence.api.dataset import dataset  # noqa: PLC0415 - a program without needs none

        return dataset(name, source, digest=digest, made_from=made_from, store=self.path)

    def runs(
        self,
        project: str | None = None,
        *,
        where: str | None = None,
        sort: str = "-started",
        limit: int = 100,
        offset: int = 0,
    ) -> list[RunRow]:
        """Return a page of runs, the newest first; what is recorded counts.

        Parameters
        ----------
        project
            Only its runs; those of all projects if None.
        where
            Only runs that fit: comparisons with AND between them, such as
            ``metrics.accuracy > 0.9 and params.lr = 0.1 and status = 'finished'``;
            docs/runs.md has the whole language.
        sort
            ``started``, ``ended``, ``name``, ``project``, ``status``, ``metrics.NAME`` (its last
            value) or ``params.NAME``, with a minus before it for the largest first. Runs that
            lack it come last.
        limit, offset
            The page.

        Raises
        ------
        BadInput
            If there is no such filter, or runs cannot be sorted so.
        NotFound
            If there is no store.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> for lr in (0.1, 0.2):
        ...     with whence.start_run(project="digits", params={"lr": lr}) as run:
        ...         run.log({"loss": lr**2})
        >>> [run.params["lr"] for run in whence.open().runs("digits", sort="metrics.loss")]
        [0.1, 0.2]
        >>> [run.params["lr"] for run in whence.open().runs(where="params.lr > 0.1")]
        [0.2]
        """
        from whence.api.jobs import runs  # noqa: PLC0415 - needs the extra `app`

        return runs(self.path, project=project, where=where, sort=sort, limit=limit, offset=offset)

    def run(self, run: str) -> StoredRun:
        """Return a run, by its id, at least six digits its id begins with, or its name.

        Raises
        ------
        NotFound
            If there is none, or no store.
        BadInput
            If there are several.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="baseline") as run:
        ...     for step in range(3):
        ...         run.log({"loss": 1 / (step + 1)}, step=step)
        >>> whence.open().run("baseline").metric("loss")["step"].to_pylist()
        [0, 1, 2]
        """
        from whence.api.jobs import run as read  # noqa: PLC0415 - needs the extra `app`

        return StoredRun(self.path, read(self.path, run))

    def lineage(self, of: str) -> Lineage:
        """Return what something came from, and all that came from it.

        Parameters
        ----------
        of
            A model's name (what it answered in production), or ``"dataset:NAME"``,
            ``"dataset:NAME@DIGEST"``, ``"run:ID"``, ``"model:NAME@VERSION"``,
            ``"predictions:NAME@VERSION"``, ``"labels:NAME"``.

        Raises
        ------
        BadInput
            If it names nothing.
        NotFound
            If the store has no such thing, or there is no store.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> clicks = whence.dataset("clicks", digest="nov", made_from=["predictions:shop@7"])
        >>> with whence.start_run(project="shop", name="weekly") as run:
        ...     run.use_dataset(clicks, context="training")
        >>> [node.title for node in whence.open().lineage("dataset:clicks").nodes]
        ['what shop, version 7, answered', 'dataset clicks (nov)', 'run shop/weekly']
        """
        from whence.api.jobs import lineage  # noqa: PLC0415 - needs the extra `app`

        return lineage(self.path, of)

    def register(
        self,
        name: str,
        *,
        run: Run | StoredRun | str | None = None,
        artifact: str | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> VersionRow:
        """Add a version to a registered model, which is made if there is none of that name.

        Parameters
        ----------
        name
            The model's name, without slashes and colons.
        run
            The run that made it: itself, its id, at least six digits its id begins with, or its
            name.
        artifact
            Where it lies among the run's artifacts, ``"model"`` if None; without a run the URI
            of its files.
        description, tags
            Of the version.

        Raises
        ------
        BadInput
            If that is no name, or says nothing of where the files are.
        NotFound
            If there is no such run, or no store.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="baseline") as run:
        ...     run.log({"accuracy": 0.9})
        >>> whence.open().register("digits", run=run, description="the first").version
        1
        """
        from whence.api.registry import register  # noqa: PLC0415 - needs the extra `app`

        return register(
            self.path, name, run=run, artifact=artifact, description=description, tags=tags
        )

    @overload
    def registered(self) -> list[RegisteredModelRow]: ...

    @overload
    def registered(self, name: str) -> Registered: ...

    def registered(self, name: str | None = None) -> Registered | list[RegisteredModelRow]:
        """Return a handle on a registered model, or without a name all of them, by name.

        Raises
        ------
        NotFound
            If there is no store.
        MissingDependency
            If the extra ``app`` is not installed.
        """
        from whence.api.registry import Registered, registered  # noqa: PLC0415 - as above

        return registered(self.path) if name is None else Registered(self.path, name)

    def compact(
        self, model: str | None = None, *, keep: timedelta | None = None
    ) -> list[Compacted]:
        """Merge the small files of one model's tables, or of all, and delete those of before.

        Reading does so by itself every 100 epochs.

        Parameters
        ----------
        model
            Whose tables; all models' if None.
        keep
            Files that were replaced longer ago are deleted, in whole hours; 24 hours if None.

        Raises
        ------
        NotFound
            If there is no such model.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> store = whence.open()
        >>> for i in range(3):
        ...     n = store.model("churn").log({"id": f"{i}", "pred": 0}, id="id", prediction="pred")
        ...     names = store.models()  # takes in what was recorded: a file each time
        >>> done = store.compact("churn")
        >>> done[0].removed, done[0].added
        (3, 1)
        """
        from whence.api.jobs import compact  # noqa: PLC0415 - needs the extra `app`

        return compact(self.path, model, keep=keep)

    def event(
        self,
        name: str,
        *,
        at: datetime | str,
        kind: str = "external",
        scope: dict[str, str] | None = None,
        model: str | None = None,
    ) -> str:
        """Record something that happened outside the data; see `whence.event`."""
        return event(name, at=at, kind=kind, scope=scope, model=model, store=self.path)
