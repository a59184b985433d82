"""whence review: a week of each model on one page, to read or to send.

What changed, what was found, what is still unexplained, and what to label; from what the last
watch saw. Without --out the page is printed.
"""

from __future__ import annotations

import hashlib
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.location import locate
from whence.cli.note import tell
from whence.errors import BadInput, NotFound
from whence.types.time import parse_time

if TYPE_CHECKING:
    import argparse

    from whence.types.review import Review

__all__ = ["add", "run"]

_WEEK = timedelta(days=7)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="its name (default: all)")
    parser.add_argument(
        "--week", metavar="DATE",
        help="the week, Monday to Monday in UTC, that holds this date (default: the last that "
        "is over)",
    )  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="write a file for each model here")
    parser.add_argument(
        "--format", choices=["md", "html", "both"],
        help="Markdown, HTML or both (default: Markdown when printed, both with --out)",
    )  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Print or write the pages."""
    require("app")
    from whence.api.jobs import reading  # noqa: PLC0415 - needs the extra `app`
    from whence.view.review import review, week_of  # noqa: PLC0415 - needs the extra `app`

    if given.out is None and given.format == "both":
        raise BadInput("--format both prints no single page; add --out DIR, or choose md or html")
    now = datetime.now(UTC)
    week = week_of(now - _WEEK if given.week is None else parse_time(given.week))
    store = reading(locate(given.store), note=tell)
    known = store.models()
    for name in given.models:
        store.require(name)
    # A name given twice is one page.
    pages = [review(store, name, week, now) for name in dict.fromkeys(given.models or known)]
    if not pages:
        raise NotFound(
            f"the store {store.path} has no model yet; whence import brings its predictions"
        )
    if given.out is None:
        sys.stdout.write("\n".join(_text(page, given.format or "md") for page in pages))
        return
    formats = ("md", "html") if given.format in {None, "both"} else (given.format,)
    for page in pages:
        for form in formats:
            print(f"wrote {_write(Path(given.out), page, form)}")


def _text(page: Review, form: str) -> str:
    from whence.view.review_text import as_html, as_markdown  # noqa: PLC0415 - needs `app`

    return as_html(page) if form == "html" else as_markdown(page)


def _write(folder: Path, page: Review, form: str) -> Path:
    """Write one page and return its path.

    Raises
    ------
    BadInput
        If it cannot be written there.
    """
    path = folder / f"{_file_name(page.model)}.{form}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(page, form), encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"--out {folder}: {path.name} cannot be written ({error.strerror}); name a folder "
            "that can be written to"
        ) from error
    return path


def _file_name(model: str) -> str:
    """Return a name that any file system takes, one for each model."""
    # Some file systems take Fraud and fraud for one, so any doubt earns a digest.
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", model):
        return model
    plain = re.sub(r"[^a-z0-9_-]+", "-", model.lower())[:40].strip("-")
    digest = hashlib.sha256(model.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{plain or 'model'}-{digest}"
