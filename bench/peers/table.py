"""The table: a row for each figure, a column for each tracker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackers import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from measures import Figures, Sizes

__all__ = ["Results", "lines"]

Results = dict[str, dict[str, "Figures | str"]]
"""Tracker -> measure -> its figures, or why there are none."""

OURS, BARE = "Whence", "bare `os.write`"
WITH_DATABASE = ("mlflow, SQLite", "mlflow, HTTP")


@dataclass(frozen=True, slots=True)
class Row:
    """A figure: which measure gives it, how it is said, and what ours should be at most.

    Attributes
    ----------
    number
        What of the figures is compared.
    most
        The goal: `number` itself, or with `share` that share of the least of `beside`.
    beside
        Which trackers' least is meant; of all if empty.
    """

    name: str
    measure: str
    cell: str
    number: str
    most: float | None = None
    share: float | None = None
    beside: tuple[str, ...] = ()


def _rows(sizes: Sizes) -> tuple[Row, ...]:
    timed = "{wall:,.1f} ({wall tail:,.0f})"
    on_cpu = "{cpu:,.1f} ({cpu tail:,.0f})"
    back = f"read back {sizes.points:,} points"
    first_page = "first page of 100 of {:,} runs by a metric, ms (the first time; CPU)"
    asked = "{wall:,.1f} ({first:,.0f}; {cpu:,.1f})"
    return (
        Row("one scalar per call, us: median (99th percentile)", "one", timed, "wall", share=1 / 2),
        Row("the same, CPU time of the caller's thread", "one", on_cpu, "cpu"),
        Row("50 metrics per call, us: median (99th percentile)", "fifty", timed, "wall",
            share=1 / 3),
        Row("the same, CPU time of the caller's thread", "fifty", on_cpu, "cpu"),
        Row("points lost at SIGKILL, of those whose call had returned", "killed",
            "{share:.1%} ({lost:,.0f} of {returned:,.0f})", "lost", most=0),
        Row(f"{back}, s (CPU): the first time", "long", "{first:,.2f} ({first cpu:,.2f})", "first",
            share=1 / 20),
        Row(f"{back}, s (CPU): again", "long", "{again:,.2f} ({again cpu:,.2f})", "again",
            share=1 / 20),
        Row(first_page.format(sizes.runs), "page", asked, "wall", share=1 / 20,
            beside=WITH_DATABASE),
        Row(first_page.format(sizes.most_runs), "long_page", asked, "wall"),
        Row("create a run, ms (the first of a process; CPU)", "create",
            "{wall:,.2f} ({first:,.1f}; {cpu:,.2f})", "wall", share=1 / 20, beside=WITH_DATABASE),
        Row("bytes per point at rest", "long", "{bytes:,.1f}", "bytes", most=12),
        Row("CPU of the import above bare Python, ms", "start", "{import:,.0f}", "import", most=20),
        Row("CPU to the first record above bare Python, ms", "start", "{first:,.0f}", "first",
            most=50),
        Row("installed, MB: the package (with what it needs)", "installed",
            "{own:,.1f} ({everything:,.1f})", "everything", most=12),
        Row("16 processes at once: points lost", "together", "{lost:,.0f} of {points:,.0f}", "lost",
            most=0),
        Row("16 processes at once: the slowest call, ms", "together", "{slowest:,.0f}", "slowest"),
    )  # fmt: skip


def lines(results: Results, sizes: Sizes) -> Iterator[str]:
    """Yield the table and what is to be said of single figures."""
    yield "| | goal | " + " | ".join(results) + " |"
    yield "|---|---|" + "---|" * len(results)
    for row in _rows(sizes):
        goal, met = _goal(row, results)
        cells = [goal]
        for title, found in results.items():
            verdict = f" {met}" if title == OURS and met else ""
            cells.append(_cell(row, found.get(row.measure)) + verdict)
        yield f"| {row.name} | " + " | ".join(cells) + " |"
    said = [*_said(results, sizes)]
    if said:
        yield ""
        yield from said


def _cell(row: Row, found: Figures | str | None) -> str:
    if not isinstance(found, dict):
        return "failed" if found else ""
    if row.number not in found:
        return ""
    told = dict(found)
    if "returned" in told:
        told["share"] = told["lost"] / told["returned"]
    return row.cell.format_map(told)


def _goal(row: Row, results: Results) -> tuple[str, str]:
    """Return what ours should be at most, and whether it is."""
    most, why = row.most, ""
    if row.measure == "long_page":
        most, why = _doubled(results), "twice that of fewer runs"
    elif row.share is not None:
        others = {
            title: number
            for title, found in results.items()
            if title not in _no_peers(row) and (not row.beside or title in row.beside)
            if (number := _number(row, found)) is not None
        }
        if others:
            best = min(others, key=others.__getitem__)
            most, why = row.share * others[best], f"1/{1 / row.share:g} of {best}"
    ours = _number(row, results.get(OURS, {}))
    if most is None:
        return "", ""
    said = f"<= {most:.3g}" + (f" ({why})" if why else "")
    return said, "" if ours is None else "met" if ours <= most else "**missed**"


def _no_peers(row: Row) -> set[str]:
    """Return which columns a goal is not set beside: ours, the bare one, readers that are ours."""
    no_readers = {one.title for one in PEERS if not one.reads}
    return {OURS, BARE} | (no_readers if row.name.startswith("read back") else set())


def _number(row: Row, found: Mapping[str, Figures | str]) -> float | None:
    figures = found.get(row.measure)
    return figures.get(row.number) if isinstance(figures, dict) else None


def _doubled(results: Results) -> float | None:
    figures = results.get(OURS, {}).get("page")
    return 2 * figures["wall"] if isinstance(figures, dict) else None


def _said(results: Results, sizes: Sizes) -> Iterator[str]:
    """Yield what was not done as for the others, and what failed."""
    for title, found in results.items():
        for measure, figures in found.items():
            for said in _less(measure, figures, sizes):
                yield f"- {title}: {said}."


def _less(measure: str, figures: Figures | str, sizes: Sizes) -> Iterator[str]:
    if isinstance(figures, str):
        yield f"{measure} failed: {figures}"
        return
    wanted: dict[str, tuple[str, int, Callable[[str], str]]] = {
        "one": ("calls", sizes.calls, "{} calls were timed for the cost of one scalar".format),
        "fifty": ("calls", sizes.calls, "{} calls were timed for the cost of 50".format),
        "long": ("points", sizes.points, "{} points were read back, their time scaled up".format),
        "page": ("runs", sizes.runs, "{} runs were made for the page, not scaled up".format),
        "long_page": ("runs", sizes.most_runs, "{} runs were made for the long page".format),
    }
    if measure in wanted:
        key, usual, say = wanted[measure]
        if figures[key] < usual:
            yield say(f"{figures[key]:,.0f}")
