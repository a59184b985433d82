"""whence demo: the camera case, end to end, on real image files.

`whence demo camera` trains a small network, logs two months of its predictions on photos, puts
a new phone on sale, asks why it got worse, and tries the remedies. Everything it tells is
measured while you watch; what is real and what is simulated is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.api.location import locate
from whence.api.store import Store

if TYPE_CHECKING:
    import argparse

    from whence.demo.camera import CameraCase

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("case", choices=["camera"])
    parser.add_argument(
        "--photos", metavar="DIR", type=Path,
        help="your own photos, DIR/<class>/*.jpg (default: handwritten digits, rendered)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (default: 0)")
    parser.add_argument(
        "--no-remedies", action="store_true", help="skip the trainings that try remedies"
    )


def run(given: argparse.Namespace) -> None:
    """Run the case and print what came."""
    from whence.api.dependencies import require  # noqa: PLC0415 - start fast

    require("app")
    require("images")
    from whence.cli.progress import stages  # noqa: PLC0415 - needs the extra `app`
    from whence.cli.show_watch import show as show_watch  # noqa: PLC0415 - the same
    from whence.cli.show_why import show as show_why  # noqa: PLC0415 - the same
    from whence.demo import camera  # noqa: PLC0415 - the same

    store = Store(locate(given.store))
    with stages() as tell:
        case = camera.run(store, given.photos, store.path / "photos", given.seed, progress=tell)
    print(f"Real: {case.real}\nSimulated: {case.simulated}\n")
    model = store.model(camera.MODEL)
    show_watch(model.watch())
    print()
    show_why(model.why())
    if not given.no_remedies:
        print("\nThe remedies, tried on photos of later days:")
        _show_remedies(case)
    _show_next(store, given.store)


def _show_remedies(case: CameraCase) -> None:
    from whence.demo.remedies import sentence  # noqa: PLC0415 - needs the extra `app`

    tried = case.try_remedies()
    for one in tried:
        low, high = one.interval
        print(
            f"  {100 * one.gain:+6.1f} points ({100 * low:+.1f} to {100 * high:+.1f})  {one.remedy}"
        )
    print(sentence(tried))


def _show_next(store: Store, chosen: str | None) -> None:
    at = f" --store {chosen}" if chosen else ""
    print(
        f"\nThe store is {store.path}. Go on with:\n"
        f"  whence watch verifier{at}            what crossed its line\n"
        f"  whence why verifier{at} --json       the verdict, for a program\n"
        f"  whence import preds.parquet --model mine --time ts --prediction pred    your own log"
    )
