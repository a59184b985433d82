"""whence import: bring predictions or late labels from Parquet, CSV or Arrow files.

With --prediction or --proba the files hold predictions; with only --id and --label they hold
late labels. The same file a second time does nothing and says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.api.location import locate
from whence.errors import BadInput
from whence.record.said import check_name, check_zone
from whence.types.records import Roles

if TYPE_CHECKING:
    import argparse

    from whence.work.imports import Imported, ImportPlan

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet, CSV or Arrow IPC")
    parser.add_argument("--model", required=True, metavar="NAME", help="whose rows they are")
    parser.add_argument("--time", metavar="COLUMN", help="when each prediction was made")
    parser.add_argument("--tz", metavar="ZONE", help="the zone of times that carry none")
    parser.add_argument("--id", metavar="COLUMN", help="unique per prediction; labels need it")
    parser.add_argument("--prediction", metavar="COLUMN", help="the class or quantity predicted")
    parser.add_argument(
        "--proba", metavar="COLUMN",
        help="P(label = 1) for labels 0/1, else the probability of the predicted class",
    )  # fmt: skip
    parser.add_argument("--label", metavar="COLUMN", help="the truth")
    parser.add_argument("--label-time", metavar="COLUMN", help="when each late label became known")
    parser.add_argument(
        "--images", metavar="COLUMN", help="paths of image files to derive columns from"
    )
    parser.add_argument("--version", metavar="TEXT", help="the model version that predicted")
    parser.add_argument("--version-column", metavar="COLUMN", help="the same, per row")


def run(given: argparse.Namespace) -> None:
    """Import each file and say what became of its rows."""
    from whence.api.dependencies import require  # noqa: PLC0415 - start fast

    _check(given)
    require("app")
    if given.images:
        require("images")
    from whence.cli.progress import bar, stages  # noqa: PLC0415 - needs the extra `app`
    from whence.store.folder import StoreFolder  # noqa: PLC0415 - needs the extra `app`
    from whence.work.fold import fold  # noqa: PLC0415 - needs the extra `app`
    from whence.work.imports import import_file  # noqa: PLC0415 - needs the extra `app`

    store = StoreFolder(locate(given.store))
    with store.lease():
        with stages() as tell:
            fold(store, tell=tell)
        for name in given.files:
            plan = _plan(given, name)
            with bar(f"importing {name}") as advance:
                done = import_file(store, plan, progress=advance)
            print(_tell(plan, done))


def _check(given: argparse.Namespace) -> None:
    check_name("model", given.model)
    check_zone(given.tz)
    if not given.prediction and not given.proba:
        if not given.label or not given.id:
            raise BadInput(
                "nothing to import: give --prediction or --proba for predictions, "
                "or --id and --label for late labels"
            )
    elif not given.time:
        raise BadInput("predictions need --time: the column that says when each was made")


def _plan(given: argparse.Namespace, name: str) -> ImportPlan:
    from whence.work.imports import ImportPlan  # noqa: PLC0415 - needs the extra `app`

    return ImportPlan(
        path=str(Path(name).absolute()),
        model=given.model,
        roles=Roles(
            id=given.id,
            time=given.time,
            prediction=given.prediction,
            proba=given.proba,
            label=given.label,
            images=given.images,
            version=given.version_column,
        ),
        version=given.version,
        zone=given.tz,
        label_time=given.label_time,
    )


def _tell(plan: ImportPlan, done: Imported) -> str:
    name = Path(plan.path).name
    if done.already and not done.rows:
        return f"{name}: nothing to do, this very file was imported before ({done.already:,} rows)"
    if not done.rows:
        return f"{name}: it holds no rows"
    what = "labels" if plan.holds_labels else "predictions"
    unplaced = done.rejected - done.conflicts
    unknown = not plan.roles.id and not plan.holds_labels
    told = [
        f"{name}: {done.rows:,} rows of {what} of {plan.model}",
        done.already and f"{done.already:,} rows were imported before",
        plan.holds_labels and f"{done.labels:,} new labels",
        done.repeats and f"{done.repeats:,} repeat what is stored",
        done.pending and f"{done.pending:,} wait for a prediction of their id",
        done.conflicts and f"{done.conflicts:,} contradict a stored id and are in quarantine",
        done.without_label and f"{done.without_label:,} hold no id or no label",
        unknown and "without --id its rows are not recognised if they come in another file",
        unplaced > 0 and f"{unplaced:,} are in quarantine (see: whence doctor)",
    ]
    return "; ".join(part for part in told if isinstance(part, str))
