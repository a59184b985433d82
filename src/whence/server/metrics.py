"""What Prometheus reads of a server: its models, incidents, and what waits to be folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.store.folder import StoreFolder

__all__ = ["KIND", "metrics"]

KIND = "text/plain; version=0.0.4; charset=utf-8"


def metrics(store: StoreFolder) -> str:
    """Return the metrics in Prometheus's text format (exposition format 0.0.4)."""
    return "\n".join(_lines(store)) + "\n"


def _lines(store: StoreFolder) -> Iterator[str]:
    from whence.view.overview import models  # noqa: PLC0415 - a server starts without it

    rows = models(store)
    yield "# HELP whence_model_failing Whether an incident of the model is open."
    yield "# TYPE whence_model_failing gauge"
    for row in rows:
        yield f"whence_model_failing{{{_label(row.name)}}} {int(row.state == 'failing')}"
    yield "# HELP whence_model_metric The model's metric in its last window with labels."
    yield "# TYPE whence_model_metric gauge"
    for row in rows:
        if row.value is not None:
            yield f'whence_model_metric{{{_label(row.name)},metric="{row.metric}"}} {row.value!r}'
    yield "# HELP whence_journal_bytes Bytes of journals, folded ones that readers may hold too."
    yield "# TYPE whence_journal_bytes gauge"
    yield f"whence_journal_bytes {_journal_bytes(store)}"


def _journal_bytes(store: StoreFolder) -> int:
    total = 0
    for path in store.journals.glob("*.wj"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # a fold has just removed it
            continue
    return total


def _label(name: str) -> str:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'model="{quoted}"'
