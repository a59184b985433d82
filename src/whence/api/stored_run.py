"""A run read back from a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from datetime import datetime

    import pyarrow as pa

    from whence.store.artifacts import Freed
    from whence.store.corrections import Correction
    from whence.types.artifacts import ArtifactRow
    from whence.types.runs import DeletedRun, RunRow, Status

__all__ = ["StoredRun"]


class StoredRun:
    """What a store has of one run, as it stood when it was asked for.

    Attributes
    ----------
    id, project, name, parent
        As its program said.
    status
        ``"running"``, ``"finished"``, ``"failed"``; ``"killed"`` if its process is gone without
        a word; ``"unknown"`` if it runs, or ran, where nobody here can tell.
    started, ended
        When; `ended` of a killed run is the time of its last record.
    params, tags
        What it was given.
    metrics
        The last value of each metric.
    """

    id: str
    project: str
    name: str
    parent: str | None
    status: Status
    started: datetime
    ended: datetime | None
    params: dict[str, Any]
    tags: dict[str, str]
    metrics: dict[str, float]

    def __init__(self, store: Path, row: RunRow) -> None:
        self._store = store
        for name in row.__struct_fields__:
            setattr(self, name, getattr(row, name))

    def __repr__(self) -> str:
        return f"StoredRun({self.id!r}, {self.status})"

    def metric(self, key: str) -> pa.Table:
        """Return all points of one metric, by step and time, as of now.

        Returns
        -------
        pyarrow.Table
            Columns ``step`` (int64), ``time`` (UTC) and ``value`` (float64).

        Raises
        ------
        NotFound
            If the run has no such metric; the message names those it has.
        """
        from whence.api.jobs import metric  # noqa: PLC0415 - needs the extra `app`

        return metric(self._store, self.id, key)

    def correct(
        self, key: str, *, step: int, value: float | None, reason: str, by: str = ""
    ) -> None:
        """Put the point of a metric at a step right, or remove it; what was recorded is kept.

        A point of that step that is recorded later stands again.

        Parameters
        ----------
        key, step
            Which point.
        value
            What stands there; None removes the point.
        reason, by
            Why, and who says so: both are kept, see `corrections`.

        Raises
        ------
        NotFound
            If the metric has no point at that step.
        BadInput
            If there is no reason.
        Unwritable
            If the store cannot be written.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="noisy") as run:
        ...     run.log({"loss": 1e9}, step=0)
        >>> read = whence.open().run("noisy")
        >>> read.correct("loss", step=0, value=0.3, reason="the sensor was off")
        >>> whence.open().run("noisy").metrics
        {'loss': 0.3}
        """
        from whence.api.jobs import correct  # noqa: PLC0415 - needs the extra `app`

        correct(self._store, self.id, key, step, value, reason=reason, by=by)

    def corrections(self) -> list[Correction]:
        """Return what was put right of the run's points, the oldest first."""
        from whence.api.jobs import corrected  # noqa: PLC0415 - needs the extra `app`

        return corrected(self._store, self.id)

    def artifacts(self) -> list[ArtifactRow]:
        """Return the files that were logged, by path, as of now: each with `path` and `size`.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="told") as run:
        ...     run.log_text("all went well", "notes/end.txt")
        >>> [(one.path, one.size) for one in whence.open().run("told").artifacts()]
        [('notes/end.txt', 13)]
        """
        from whence.api.stored_artifacts import artifacts  # noqa: PLC0415 - needs the extra `app`

        return artifacts(self._store, self.id)

    def artifact(self, path: str) -> Path:
        """Return where a file that was logged lies in the store: to be read, never changed.

        It has no name of its own there; `save_artifacts` makes copies that have.

        Raises
        ------
        NotFound
            If the run has none of that path, or its content has not arrived.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="told") as run:
        ...     run.log_text("all went well", "end.txt")
        >>> whence.open().run("told").artifact("end.txt").read_text()
        'all went well'
        """
        from whence.api.stored_artifacts import artifact  # noqa: PLC0415 - needs the extra `app`

        return artifact(self._store, self.id, path)

    def save_artifacts(self, to: str | os.PathLike[str], folder: str = "") -> list[Path]:
        """Copy the files of a folder of the run, or all, into a folder; return the copies.

        Parameters
        ----------
        to
            Where; made when absent.
        folder
            Which folder of the run, or which file; all of it if empty.

        Raises
        ------
        NotFound
            If the run has no such file or folder.
        """
        from whence.api.stored_artifacts import save_artifacts  # noqa: PLC0415 - needs the extra `app`

        return save_artifacts(self._store, self.id, Path(to), folder)

    def delete_artifact(self, path: str, *, dry_run: bool = False) -> Freed:
        """Delete a file, or a folder with all in it; return what `whence gc` frees after it.

        Contents that other paths have too, of whatever run, are freed by none of them alone.

        Parameters
        ----------
        path
            The file or folder.
        dry_run
            Whether only to say what it would free.

        Raises
        ------
        NotFound
            If the run has none of that path.
        BadInput
            If a version of a registered model is made of it.
        """
        from whence.api.stored_artifacts import (  # noqa: PLC0415 - needs the extra `app`
            delete_artifact,
        )

        return delete_artifact(self._store, self.id, path, dry_run=dry_run)

    def delete(self) -> DeletedRun:
        """Mark the run as deleted: it is listed no more; `restore` brings it back.

        ``whence gc --deleted`` takes it out for good, unless a version of a registered model
        came from it.

        Returns
        -------
        DeletedRun
            What hangs on it: `files`, the `bytes` that would be freed, and in words the versions
            by which it is `held`.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="failed try") as run:
        ...     run.log_text("nothing came of it", "end.txt")
        >>> stored = whence.open().run("failed try")
        >>> gone = stored.delete()
        >>> gone.files, gone.bytes, gone.held
        (1, 18, [])
        >>> stored.restore()
        >>> whence.open().run("failed try").id == run.id
        True
        """
        from whence.api.stored_artifacts import delete_run  # noqa: PLC0415 - needs the extra `app`

        return delete_run(self._store, self.id)

    def restore(self) -> None:
        """Bring the run back after `delete`."""
        from whence.api.stored_artifacts import restore_run  # noqa: PLC0415 - needs the extra `app`

        restore_run(self._store, self.id)

    @property
    def captured(self) -> dict[str, Any]:
        """What the run captured by itself, as of now: ``code``, ``command``, ``environment``...

        Returns
        -------
        dict
            Kind -> a dict of what `whence.types.captured` names; without what was not captured.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="seen", capture={"environment"}) as run:
        ...     run.log({"loss": 0.3})
        >>> found = whence.open().run("seen").captured
        >>> sorted(found), found["environment"]["packages"]["msgspec"] > "0.2"
        (['command', 'environment'], True)
        """
        from whence.api.jobs import captured  # noqa: PLC0415 - needs the extra `app`

        return captured(self._store, self.id)

    def output(self, stream: str | None = None) -> str:
        r"""Return what the run's program printed, as of now.

        Parameters
        ----------
        stream
            Only what went to ``"stdout"`` or ``"stderr"``; both, as they came, if None.

        Raises
        ------
        BadInput
            If there is no such stream.

        Examples
        --------
        >>> import whence
        >>> with whence.start_run(name="talks", capture={"output"}):
        ...     print("epoch 1")
        epoch 1
        >>> whence.open().run("talks").output()
        'epoch 1\n'
        """
        from whence.api.jobs import output  # noqa: PLC0415 - needs the extra `app`

        return output(self._store, self.id, stream)
