"""Whence: a model got worse in the wild; this says where it comes from and what would fix it.

Importing it imports nothing else; each public name is loaded when it is first used.

>>> import whence
>>> whence.model("verifier")
Model('verifier')
"""

# What type checkers take for `typing.TYPE_CHECKING`, which takes longer to import than all else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from whence.api.dataset import Dataset, dataset
    from whence.api.model import Model, model
    from whence.api.run import Run, start_run
    from whence.api.store import Store, event, flush, open  # noqa: A004 - whence.open, said in full
    from whence.errors import (
        BadInput,
        Busy,
        JournalClosed,
        MissingColumn,
        MissingDependency,
        NaiveTime,
        NewerStore,
        NotFound,
        StoreError,
        Unwritable,
        WhenceError,
    )

__version__ = "0.1.0"

_HOMES = {
    "Dataset": "whence.api.dataset",
    "dataset": "whence.api.dataset",
    "Model": "whence.api.model",
    "model": "whence.api.model",
    "Run": "whence.api.run",
    "start_run": "whence.api.run",
    "Store": "whence.api.store",
    "event": "whence.api.store",
    "flush": "whence.api.store",
    "open": "whence.api.store",
    "BadInput": "whence.errors",
    "Busy": "whence.errors",
    "JournalClosed": "whence.errors",
    "MissingColumn": "whence.errors",
    "MissingDependency": "whence.errors",
    "NaiveTime": "whence.errors",
    "NewerStore": "whence.errors",
    "NotFound": "whence.errors",
    "StoreError": "whence.errors",
    "Unwritable": "whence.errors",
    "WhenceError": "whence.errors",
}

__all__ = [
    "BadInput",
    "Busy",
    "Dataset",
    "JournalClosed",
    "MissingColumn",
    "MissingDependency",
    "Model",
    "NaiveTime",
    "NewerStore",
    "NotFound",
    "Run",
    "Store",
    "StoreError",
    "Unwritable",
    "WhenceError",
    "dataset",
    "event",
    "flush",
    "model",
    "open",
    "start_run",
]


def __getattr__(name: str) -> object:
    """Load a public name at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'whence' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - importing whence imports nothing

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
