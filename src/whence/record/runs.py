"""Runs: their params and tags, the points of their metrics, and how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.errors import BadInput
from whence.journal.identity import uuid7
from whence.record.encoding import MOST_BYTES, encode, now
from whence.record.said import check_name
from whence.record.values import plain, text
from whence.record.writers import writer
from whence.types.records import Points, RunEnd, RunFacts, RunStart

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RunRecords", "start_run"]

_LAST_STEP = 2**63 - 1
"""Steps are 64-bit integers."""

_NUMBERS = frozenset({float, int})
"""Types that msgspec writes as a number by itself; bool is none of them."""


def start_run(
    store: Path, *, project: str, name: str, parent: str | None, params: object, tags: object
) -> str:
    """Record that a run begins, and return its id.

    Raises
    ------
    BadInput
        If a name, a param or a tag cannot be recorded.
    NewerStore
        If a newer Whence wrote the store.
    Unwritable
        If the store cannot be written.
    """
    check_name("project", project)
    check_name("name", name)
    run, at = uuid7(), now()
    said = RunFacts(run, at, _params(params), _tags(tags))
    journal = writer(store)
    journal.append(encode(RunStart(run, at, project, name, parent)))
    if said.params or said.tags:
        journal.append(_small_enough(encode(said), "params and tags"))
    return run


class RunRecords:
    """What one process says of a run.

    Parameters
    ----------
    store
        The store's folder.
    run
        The run's id, as `start_run` gave it.
    """

    __slots__ = ("_names", "_run", "_store")

    def __init__(self, store: Path, run: str) -> None:
        self._store = store
        self._run = run
        self._names: set[str] = set()

    def facts(self, *, params: object = None, tags: object = None) -> None:
        """Record params and tags beside those said before; see `start_run` for what it raises."""
        said = RunFacts(self._run, now(), _params(params), _tags(tags))
        writer(self._store).append(_small_enough(encode(said), "params and tags"))

    def points(self, values: dict[str, Any], step: int) -> None:
        """Record the values of some metrics at a step.

        Parameters
        ----------
        values
            Metric -> a number, NaN and infinities too, or anything that holds one number.
        step
            A 64-bit integer.

        Raises
        ------
        BadInput
            If there is no value, or one is no number, or the step is none.
        Unwritable
            If the journal cannot be written.
        """
        if type(values) is not dict or not values or not self._names.issuperset(values):
            self._learn(values)
        if type(step) is not int:
            step = _step(step)
        if _NUMBERS.issuperset(map(type, values.values())):
            found = values
        else:
            found = {key: _number(key, value) for key, value in values.items()}
        try:
            payload = encode(Points(self._run, now(), step, found))
        except OverflowError:  # an integer beyond 64 bits: the step, or a value
            found = {key: _number(key, value) for key, value in values.items()}
            payload = encode(Points(self._run, now(), _step(step), found))
        writer(self._store).append(_small_enough(payload, "metrics"))

    def end(self, status: str) -> None:
        """Record how the run ended: finished or failed."""
        writer(self._store).append(encode(RunEnd(self._run, now(), status)))

    def _learn(self, values: object) -> None:
        """Check the names of metrics, once each."""
        if not isinstance(values, dict) or not values:
            raise BadInput(f"metrics are {values!r:.80}; give a dict such as {{'loss': 0.3}}")
        for key in values:
            check_name("a metric's name", key)
        self._names.update(values)


def _number(key: str, value: Any) -> float:  # noqa: ANN401 - any number, of any library
    single = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    wrong = BadInput(
        f"metric {key!r} is {value!r:.80}, which is no number; give one number for each name, "
        "such as {'train/loss': 0.3}"
    )
    if isinstance(single, (str, bytes, bytearray)):  # float() would read them
        raise wrong
    try:
        return float(single)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong from error


def _step(step: object) -> int:
    found = step.item() if hasattr(step, "item") else step
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) <= _LAST_STEP:
        return int(found)
    raise BadInput(f"step is {step!r:.80}; give an integer of 64 bits")


def _params(params: object) -> dict[str, Any]:
    return {} if params is None else {
        key: plain(value, f"params: {key}") for key, value in _named("params", params).items()
    }  # fmt: skip


def _tags(tags: object) -> dict[str, str]:
    found = {} if tags is None else _named("tags", tags)
    return {key: text(value if isinstance(value, str) else str(value))
            for key, value in found.items()}  # fmt: skip


def _named(what: str, given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadInput(f"{what} are {given!r:.80}; give a dict such as {{'lr': 0.001}}")
    for key in given:
        check_name(f"a name in {what}", key)
    return given


def _small_enough(payload: bytes, what: str) -> bytes:
    if len(payload) > MOST_BYTES:
        raise BadInput(
            f"the {what} have {len(payload):,} bytes, a record holds {MOST_BYTES:,}; "
            "say less in one call"
        )
    return payload
