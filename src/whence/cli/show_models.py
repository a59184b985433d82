"""Registered models, for people: a table, or one with its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from whence.cli.console import console, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whence.types.registry import RegisteredModelPage, RegisteredModelRow, VersionRow

__all__ = ["show_one", "show_table"]

_ID_DIGITS = 12
"""Of a run's id: as many as whence runs shows."""


def show_table(found: list[RegisteredModelRow]) -> None:
    """Print a line for each model."""
    _print(
        ("model", "latest", "aliases", "changed", "description"),
        (
            (
                one.name,
                "none" if one.latest is None else str(one.latest),
                ", ".join(f"{alias}={version}" for alias, version in one.aliases.items()),
                when(one.updated),
                _line(one.description),
            )
            for one in found
        ),
    )


def show_one(page: RegisteredModelPage) -> None:
    """Print a model and a line for each of its versions."""
    lines = [page.model.name]
    lines += [f"  {page.model.description}"] if page.model.description else []
    lines += [f"  {key}  {value}" for key, value in page.model.tags.items()]
    console().print("\n".join(lines), markup=False)
    if not page.versions:
        print("  it has no version yet")
        return
    staged = any(one.stage != "None" for one in page.versions)
    _print(
        ("version", "aliases", *(("stage",) if staged else ()), "made", "run", "source", "about"),
        (
            (
                str(one.version),
                ", ".join(one.aliases),
                *((one.stage,) if staged else ()),
                when(one.created),
                (one.run or "")[:_ID_DIGITS],
                _source(one),
                _line(one.description),
            )
            for one in page.versions
        ),
    )


def _source(one: VersionRow) -> str:
    """Return where the files are; the run is beside it already."""
    return one.source.removeprefix(f"runs:/{one.run}/")


def _line(text: str) -> str:
    """Return the first line of a text."""
    return text.strip().partition("\n")[0]


def _print(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(box=box.SIMPLE)
    for name in columns:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)
