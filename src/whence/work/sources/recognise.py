"""What a path is: known by what only that tool writes, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput, NotFound
from whence.work.sources.mlflow_files import MlflowFiles, is_mlruns
from whence.work.sources.mlflow_sql import MlflowDatabase, is_database
from whence.work.sources.tensorboard import TensorBoardLogs, has_events
from whence.work.sources.whence_export import WhenceExport, is_export

if TYPE_CHECKING:
    from pathlib import Path

    from whence.work.sources.source import Source

__all__ = ["KINDS", "open_source"]

KINDS = ("mlflow", "tensorboard", "whence")


def open_source(path: Path, kind: str | None = None, *, served: Path | None = None) -> Source:
    """Open what runs are brought from.

    Parameters
    ----------
    path
        A folder ``mlruns`` or a SQLite database of MLflow; a folder of TensorBoard's logs; a
        folder that ``whence export`` wrote.
    kind
        One of `KINDS`; None finds out.
    served
        The folder that MLflow's ``mlflow-artifacts:/`` stands for; None if it is not known.

    Raises
    ------
    NotFound
        If there is no such path.
    BadInput
        If it is nothing of the kind, or could be several.
    """
    if not path.exists():
        raise NotFound(f"there is no {path}; give a folder, or a SQLite database of MLflow")
    is_mlflow = is_database(path) if path.is_file() else is_mlruns(path)
    found = {"mlflow"} if is_mlflow else set()
    if path.is_dir():
        found |= {"whence"} if is_export(path) else set()
        found |= {"tensorboard"} if not found and has_events(path) else set()
    chosen = {kind} & found if kind else found
    if kind == "tensorboard" and path.is_dir() and has_events(path):
        chosen = {kind}
    if not chosen:
        raise BadInput(
            f"{path} is no source of runs{f' of {kind}' if kind else ''} that is known: an mlruns "
            "folder or SQLite database of MLflow, a folder with TensorBoard's event files, or one "
            "that whence export wrote"
        )
    if len(chosen) > 1:
        raise BadInput(f"{path} may be of {' or '.join(sorted(chosen))}; say which with --from")
    match chosen.pop():
        case "mlflow" if path.is_file():
            return MlflowDatabase(path, served)
        case "mlflow":
            return MlflowFiles(path, served)
        case "tensorboard":
            return TensorBoardLogs(path)
        case _:
            return WhenceExport(path)
