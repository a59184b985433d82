"""whence export: runs as plain files, Parquet and JSON, that any tool reads without Whence.

DIR gets params, tags and captured facts (runs.jsonl), all points (points.parquet), the artifacts,
datasets, the registry, logged models and traces; its README.txt says what is what. whence
import-runs DIR brings them back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.location import locate
from whence.cli.note import tell as note
from whence.cli.numbers import many

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", metavar="DIR", help="where to: a folder that is empty, or new")
    parser.add_argument("--project", help="only the runs of this project")
    parser.add_argument(
        "--where", metavar="FILTER",
        help='only runs that fit, such as "metrics.accuracy > 0.9 and params.lr = 0.1"',
    )  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Export, and say what was written."""
    require("app")
    from whence.api.jobs import reading  # noqa: PLC0415 - needs the extra `app`
    from whence.cli.progress import stages  # noqa: PLC0415 - needs the extra `app`
    from whence.work.exporting.runs import export  # noqa: PLC0415 - needs the extra `app`

    store = reading(locate(given.store), note=note)
    folder = Path(given.folder).absolute()
    with stages() as tell:
        done = export(store, folder, project=given.project, where=given.where, tell=tell)
    more = ((done.logged_models, "logged model"), (done.traces, "trace"))
    said = [many(done.runs, "run"), many(done.points, "point"), many(done.artifacts, "artifact")]
    said += [many(number, thing) for number, thing in more if number]
    print(f"{', '.join(said)}: {done.bytes:,} bytes in {folder}")
