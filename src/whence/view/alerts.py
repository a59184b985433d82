"""What is open now: the alerts of each model's last windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.store import watches
from whence.types.pages import OpenAlert
from whence.types.reports import Alert

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["alerts_of", "open_alerts"]


def open_alerts(store: StoreFolder) -> list[OpenAlert]:
    """Return the open alerts of every model; the newest come first."""
    found = [
        OpenAlert(model=model, alert=one)
        for model in store.models()
        for one in alerts_of(store, model)
    ]
    return sorted(found, key=lambda one: one.alert.window.start, reverse=True)


def alerts_of(store: StoreFolder, model: str) -> list[Alert]:
    """Return the alerts of the last window whose inputs, and whose performance, were looked at."""
    state = watches.load(store, model)
    if state is None:
        return []
    # Once rows have come again the model is quiet no more.
    quiet = state.quiet if state.quiet > state.screened else 0
    last = sorted({at for at in (state.screened, state.judged, quiet) if at})
    return [one for at in last for one in _at(store, model, at)]


def _at(store: StoreFolder, model: str, start: int) -> list[Alert]:
    """Return the alerts of one window, in the order in which they were raised."""
    rows = store.metadata.all(
        "SELECT alert FROM alerts WHERE model = ? AND start = ? ORDER BY rowid", model, start
    )
    return [msgspec.msgpack.decode(data, type=Alert) for (data,) in rows]
