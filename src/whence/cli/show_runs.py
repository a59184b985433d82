"""Runs, for people: a table, or one with all that it was given."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from whence.types.runs import RunRow

__all__ = ["show_one", "show_table"]

MOST_METRICS = 4
"""Metrics beside each run in the table; one run alone shows all."""

_SYSTEM = "system/"
"""What names of captured metrics begin with: nobody compares runs by them first."""

_ID_DIGITS = 12
_COMMIT_DIGITS = 10
_WIDE = 500


def show_table(found: list[RunRow]) -> None:
    """Print a line for each run."""
    counts: dict[str, int] = {}
    for one in found:
        for key in one.metrics:
            if not key.startswith(_SYSTEM):
                counts[key] = counts.get(key, 0) + 1
    shown = sorted(counts, key=lambda key: (-counts[key], key))[:MOST_METRICS]
    told = ["project"] if len({one.project for one in found}) > 1 else []
    table = Table(box=box.SIMPLE)
    for name in ("run", "name", *told, "status", "started", "took"):
        table.add_column(name, no_wrap=True)
    for key in shown:
        table.add_column(Text(key), justify="right")
    for one in found:
        values = (_number(one.metrics[key]) if key in one.metrics else "" for key in shown)
        cells = (one.id[:_ID_DIGITS], one.name, *(one.project for _ in told), one.status,
                 _when(one.started), _took(one), *values)  # fmt: skip
        table.add_row(*map(Text, cells))
    _console().print(table)


def show_one(one: RunRow, captured: dict[str, Any]) -> None:
    """Print what is known of one run, and what it captured."""
    lines = [
        f"{one.name}: {one.status}",
        f"  id       {one.id}",
        f"  project  {one.project}",
        f"  started  {_when(one.started)}, took {_took(one)}",
    ]
    if one.parent is not None:
        lines.append(f"  part of  {one.parent}")
    lines += _captured(captured)
    for title, facts in (
        ("params", {key: msgspec.json.encode(value).decode() for key, value in one.params.items()}),
        ("tags", one.tags),
        ("metrics (last values)", {key: _number(value) for key, value in one.metrics.items()}),
    ):
        width = max(map(len, facts), default=0)
        lines += [title] if facts else []
        lines += [f"  {key:<{width}}  {value}" for key, value in facts.items()]
    _console().print("\n".join(lines), markup=False)


def _captured(kinds: dict[str, Any]) -> list[str]:
    lines = []
    code, command, around = (kinds.get(kind) for kind in ("code", "command", "environment"))
    if code:
        lines.append(f"  code     {_commit(code)}")
    if command:
        lines.append(f"  command  {shlex.join(command['arguments'])}, in {command['folder']}")
    if around:
        lines.append(
            f"  host     {around['host']}, user {around['user']}, Python {around['python']},"
            f" {len(around['packages'])} packages"
        )
    return lines


def _commit(code: dict[str, Any]) -> str:
    commit = code["commit"][:_COMMIT_DIGITS] if code["commit"] else "no commit"
    branch = f" ({code['branch']})" if code["branch"] else ""
    changes = len(code["changed"])
    dirty = {True: f", {changes} files changed since", False: ", clean", None: ""}[code["dirty"]]
    if changes == 1:
        dirty = f", {code['changed'][0]} changed since"
    return f"{commit}{branch}{dirty}, in {code['folder']}"


def _number(value: float) -> str:
    return f"{value:.5g}"


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _took(one: RunRow) -> str:
    seconds = ((one.ended or datetime.now(UTC)) - one.started).total_seconds()
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    took = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
    if not hours and not minutes:
        took = f"{seconds:.1f} s"
    return took if one.ended is not None else f"{took} so far"


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=True)
    # What is read by a program has no edge.
    return console if console.is_terminal else Console(highlight=False, width=_WIDE)
