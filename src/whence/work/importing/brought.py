"""What an import of runs did."""

from __future__ import annotations

import msgspec

__all__ = ["Brought"]


class Brought(msgspec.Struct):
    """What an import of runs did, counted as it goes.

    `runs` were not there before; `grown` were, and had less; `already` were there and had all;
    `foreign` have the id of a run that no import made, and were left alone. `points`, `files`
    (of `bytes`), `versions` of registered models, `logged_models` and `traces` were added.
    `notes` say what was left out.
    """

    runs: int = 0
    grown: int = 0
    already: int = 0
    foreign: int = 0
    points: int = 0
    files: int = 0
    bytes: int = 0
    versions: int = 0
    logged_models: int = 0
    traces: int = 0
    notes: list[str] = []
