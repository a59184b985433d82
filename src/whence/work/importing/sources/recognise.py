"""What a path is: known by what only that tool writes, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput, NotFound
from whence.work.importing.sources.mlflow_files import MlflowFiles, is_mlruns
from whence.work.importing.sources.mlflow_sql import MlflowDatabase, is_database
from whence.work.importing.sources.neptune import NeptuneExport, is_neptune_export
from whence.work.importing.sources.tensorboard import TensorBoardLogs, has_events
from whence.work.importing.sources.wandb import WandbRuns, has_logs
from whence.work.importing.sources.whence_export import WhenceExport, is_export

if TYPE_CHECKING:
    from pathlib import Path

    from whence.work.importing.sources.source import Source

__all__ = ["KINDS", "open_source"]

KINDS = ("mlflow", "neptune", "tensorboard", "wandb", "whence")


def open_source(path: Path, kind: str | None = None, *, served: Path | None = None) -> Source:
    """Open what runs are brought from.

    Parameters
    ----------
    path
        A folder ``mlruns`` or a SQLite database of MLflow; a folder ``wandb`` of Weights & Biases;
        what neptune-exporter wrote; a folder of TensorBoard's logs, or that ``whence export``
        wrote.
    kind
        One of `KINDS`; None finds out.
    served
        The folder that MLflow's ``mlflow-artifacts:/`` stands for, or that holds the files of a
        Neptune export; None if it is not known.

    Raises
    ------
    NotFound
        If there is no such path.
    BadInput
        If it is nothing of the kind, or could be several.
    """
    if not path.exists():
        raise NotFound(f"there is no {path}; give a folder, or a SQLite database of MLflow")
    found = _kinds_of(path)
    chosen = {kind} & found if kind else found
    if kind == "tensorboard" and path.is_dir() and has_events(path):
        chosen = {kind}
    if not chosen:
        raise BadInput(
            f"{path} is no source of runs{f' of {kind}' if kind else ''} that is known: an mlruns "
            "folder or SQLite database of MLflow, a folder wandb of Weights & Biases, what "
            "neptune-exporter wrote, a folder with TensorBoard's event files, or one that whence "
            "export wrote"
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
        case "neptune":
            return NeptuneExport(path, served)
        case "wandb":
            return WandbRuns(path)
        case _:
            return WhenceExport(path)


def _kinds_of(path: Path) -> set[str]:
    """Return what a path may be; TensorBoard's logs lie among the files of other tools too."""
    if path.is_file():
        return {"mlflow"} if is_database(path) else set()
    tests = {
        "mlflow": is_mlruns, "neptune": is_neptune_export, "wandb": has_logs, "whence": is_export,
    }  # fmt: skip
    found = {kind for kind, fits in tests.items() if fits(path)}
    return found or ({"tensorboard"} if has_events(path) else set())
