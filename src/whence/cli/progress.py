"""Progress of long work: a bar on a terminal, silence anywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["bar", "stages"]


@contextmanager
def bar(what: str) -> Iterator[Callable[[int], None]]:
    """Show `what` and how far it is; the block calls what it is given with each step done."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as on:
        task = on.add_task(what, total=None)
        yield lambda steps: on.advance(task, steps)


@contextmanager
def stages() -> Iterator[Callable[[str, float], None]]:
    """Show the stage of a long job and the share of it that is done, in [0, 1]."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as on:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = on.add_task(stage, total=1.0)
            on.update(tasks[stage], completed=share)

        yield tell
