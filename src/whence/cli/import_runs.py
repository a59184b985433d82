"""whence import-runs: bring runs from other trackers, or another store of Whence.

SOURCE is MLflow's folder mlruns or its SQLite database, the folder wandb of Weights & Biases, what
neptune-exporter wrote, a folder of TensorBoard's logs, or one that whence export wrote; which of
them is found out. The same again adds only what is new.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.location import locate
from whence.cli.note import tell
from whence.cli.numbers import many
from whence.record.said import check_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from whence.work.importing.brought import Brought

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("source", metavar="SOURCE", help="a folder, or a SQLite database of MLflow")
    parser.add_argument(
        "--from", dest="kind", metavar="TOOL",
        choices=["mlflow", "neptune", "tensorboard", "wandb", "whence"],
        help="mlflow, neptune, tensorboard, wandb or whence (default: found out)",
    )  # fmt: skip
    parser.add_argument(
        "--project", metavar="NAME", help="put all runs into this one (default: as they are named)"
    )
    parser.add_argument(
        "--artifacts", metavar="DIR",
        help="of MLflow: the folder that mlflow-artifacts:/ stands for (its server's "
        "--artifacts-destination, mlartifacts if none was given); of Neptune: the exporter's "
        "--files-path (default: files, in or beside SOURCE)",
    )  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Import, and say what became of the runs."""
    if given.project is not None:
        check_name("project", given.project)
    require("app")
    from whence.cli.progress import bar  # noqa: PLC0415 - needs the extra `app`
    from whence.ship.spool import refuse_spool  # noqa: PLC0415 - as above
    from whence.store.folder import StoreFolder  # noqa: PLC0415 - as above
    from whence.work.importing.runs import bring  # noqa: PLC0415 - as above
    from whence.work.importing.sources.recognise import open_source  # noqa: PLC0415 - as above

    served = None if given.artifacts is None else Path(given.artifacts).absolute()
    source = open_source(Path(given.source).absolute(), given.kind, served=served)
    where = locate(given.store)
    refuse_spool(where)
    store = StoreFolder(where)
    with store.lease(), bar("importing runs") as advance:
        done = bring(store, source, project=given.project, progress=advance)
    for line in done.notes:
        tell(line)
    print("; ".join(_told(done)))


def _told(done: Brought) -> Iterator[str]:
    if not (done.runs or done.grown or done.versions or done.logged_models or done.traces):
        yield "nothing to do" if done.already else "no runs were imported"
    else:
        yield ", ".join(
            (many(done.runs, "run"), many(done.points, "point"), many(done.files, "artifact"))
        )
    if done.versions:
        yield f"{many(done.versions, 'version')} of registered models"
    for number, thing in ((done.logged_models, "logged model"), (done.traces, "trace")):
        if number:
            yield many(number, thing)
    if done.grown:
        yield f"{done.grown:,} of before had more to tell"
    if done.already:
        yield f"{many(done.already, 'run')} imported before"
    if done.foreign:
        yield f"{many(done.foreign, 'run')} left out that were here before any import"
