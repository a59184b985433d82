"""What both of MLflow's stores, files and databases, say in the same words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from whence.errors import BadInput
from whence.store.registered_versions import NO_STAGE, STAGES, RegisteredVersion
from whence.types.paths import safe_path
from whence.work.importing.sources.files import below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from whence.work.importing.sources.source import SourceFile

__all__ = ["DELETED", "PARENT", "Artifacts", "micros_of", "status_of", "version_of"]

PARENT = "mlflow.parentRunId"
DELETED = "Deleted_Internal"
"""The stage of a version that was deleted."""

_LOCAL = re.compile(r"(?:file:|/|mlflow-artifacts:)[^?#]*/(?P<run>[^/]+)/artifacts(?P<path>/.+)?")
"""The URI of the artifacts of a run in a folder, or of something among them."""

_STATUS = {
    "RUNNING": "unknown", "SCHEDULED": "scheduled", "FINISHED": "finished", "FAILED": "failed",
    "KILLED": "killed",
}  # fmt: skip
"""Of a run that goes on nobody here can tell when it ends."""

_STATES = {"READY": "ready", "PENDING_REGISTRATION": "pending", "FAILED_REGISTRATION": "failed"}


def status_of(name: str) -> str:
    """Return a run's status in our words.

    Raises
    ------
    BadInput
        If MLflow has no such status.
    """
    try:
        return _STATUS[name]
    except KeyError:
        raise BadInput(f"a run's status is {name!r:.40}, which MLflow does not know") from None


def micros_of(milliseconds: object, what: str) -> int:
    """Return one of MLflow's times as microseconds.

    Raises
    ------
    BadInput
        If it is no time.
    """
    try:
        return int(str(milliseconds)) * 1000
    except ValueError:
        raise BadInput(f"{what} is {milliseconds!r:.80}; MLflow writes milliseconds") from None


def version_of(
    row: Mapping[str, Any], tags: dict[str, str], aliases: list[str]
) -> RegisteredVersion:
    """Return a version of a registered model from MLflow's fields of it."""
    stage, state = str(row["current_stage"] or NO_STAGE), str(row["status"] or "READY")
    source = str(row["source"] or "")
    place = str(row.get("storage_location") or source)
    inside = _LOCAL.fullmatch(place)
    if inside is not None and inside["run"] == row["run_id"]:
        place = f"runs:/{inside['run']}{inside['path'] or ''}"  # its artifacts come with the run
    return RegisteredVersion(
        model=str(row["name"]),
        version=int(row["version"]),
        source=source,
        place=place,
        run=row["run_id"] or None,
        run_link=str(row.get("run_link") or ""),
        logged_model=None,
        description=row["description"],
        user=str(row["user_id"] or ""),
        state=_STATES.get(state, "ready"),
        message=str(row["status_message"] or ""),
        stage=stage if stage in STAGES else NO_STAGE,
        created=micros_of(row["creation_time"], "a version's creation time"),
        updated=micros_of(row["last_updated_time"], "a version's last change"),
        tags=tags,
        aliases=aliases,
    )


class _Place(NamedTuple):
    """Where the artifacts of a run lie: in a folder, or said why not."""

    folder: Path | None
    missing: str = ""


class Artifacts:
    """Finds the artifacts of runs, and counts those that it cannot reach.

    Parameters
    ----------
    served
        The folder that ``mlflow-artifacts:/`` stands for; None if it is not known.
    """

    def __init__(self, served: Path | None) -> None:
        self._served = served
        self._unreachable: dict[str, int] = {}

    def of_run(self, uri: str, run: str, beside: Path | None = None) -> Iterator[SourceFile]:
        """Yield the files of a run.

        Parameters
        ----------
        uri
            Where MLflow says they lie.
        beside
            Where they lie if not there: the folder of the run, which may have been moved.
        """
        place = self._place(uri, run)
        for folder in (place.folder, beside):
            if folder is not None and folder.is_dir():
                yield from below(folder, folder)
                return
        if place.missing:
            self._unreachable[place.missing] = self._unreachable.get(place.missing, 0) + 1

    def notes(self) -> list[str]:
        """Return what could not be reached, in words."""
        return [f"{how_many:,} runs keep their artifacts at {where}; those were not brought"
                for where, how_many in self._unreachable.items()]  # fmt: skip

    def _place(self, uri: str, run: str) -> _Place:
        if not uri:
            return _Place(None)
        parts = urlsplit(uri)
        if parts.scheme == "mlflow-artifacts":
            if self._served is None:
                return _Place(
                    None, "mlflow-artifacts:/ (a server's folder: name it with --artifacts DIR)"
                )
            folder = self._served / safe_path(unquote(parts.path).strip("/"))
        elif parts.scheme in {"", "file"} and parts.netloc in {"", "localhost"}:
            folder = Path(url2pathname(parts.path) if parts.scheme else uri)
        else:
            return _Place(None, f"{parts.scheme}://{parts.hostname or ''}")
        # A file that somebody else wrote must not name any folder of this machine, nor link to it.
        ends = {folder.parts[-2:], folder.resolve().parts[-2:]}
        if ends != {(run, "artifacts")} or ".." in folder.parts:
            return _Place(None, "folders that do not end with the run's id and 'artifacts'")
        return _Place(folder)
