"""A model in production, as a program holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence import record
from whence.api.location import locate
from whence.types.time import parse_time

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Protocol

    from whence.types.reports import WatchReport, WhyReport
    from whence.types.time import Period
    from whence.work.forget import Forgotten

    class ArrowStream(Protocol):
        """Anything with the Arrow C stream interface: pandas, polars, pyarrow, duckdb."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            """Export the frame."""

    Frame = ArrowStream | Sequence[Mapping[str, Any]] | Mapping[str, Any]

__all__ = ["Model", "model"]


def model(name: str, *, store: str | os.PathLike[str] | None = None) -> Model:
    """Return a handle on a model; nothing is read or written yet.

    Parameters
    ----------
    name
        What the model is called, at most 200 characters.
    store
        The store's folder; by default ``WHENCE_STORE``, else ``./.whence``.

    Examples
    --------
    >>> import whence
    >>> m = whence.model("verifier")
    >>> m.log([{"id": 1, "ts": "2023-09-01T08:00:00Z", "age": 31, "pred": "ok", "truth": "ok"}],
    ...       id="id", time="ts", prediction="pred", label="truth")
    1
    """
    return Model(name, store=store)


class Model:
    """One model in production: log what it predicts, label it later, ask how it is and why.

    `log`, `label` and `reference` are records: they append to this process's journal and
    return; nothing else is waited for. `watch` and `why` read, and need the extra ``app``.

    Parameters
    ----------
    name, store
        As for `model`.

    Examples
    --------
    >>> import whence
    >>> m = whence.Model("verifier")
    >>> m.log({"id": "a", "ts": "2023-09-01T08:00:00Z", "age": 31, "pred": "ok"},
    ...       id="id", time="ts", prediction="pred")
    1
    >>> m.label({"id": "a", "truth": "ok"}, id="id", label="truth")
    1
    """

    def __init__(self, name: str, *, store: str | os.PathLike[str] | None = None) -> None:
        self.name = name
        self._store = locate(store)

    def __repr__(self) -> str:
        return f"Model({self.name!r})"

    def log(  # noqa: PLR0913 - one keyword a role
        self,
        frame: Frame,
        *,
        id: str | None = None,  # noqa: A002 - the role's name
        time: str | None = None,
        prediction: str | None = None,
        proba: str | None = None,
        label: str | None = None,
        images: str | None = None,
        version: str | None = None,
        tz: str | None = None,
    ) -> int:
        """Record predictions with their inputs; return how many rows were acknowledged.

        Parameters
        ----------
        frame
            A dict (one row), a list of dicts, or anything with the Arrow C stream interface
            (pandas, polars, pyarrow, duckdb). Columns that play no part below are inputs.
        id
            The column that identifies a prediction, unique per model and day; late labels
            need it.
        time
            The column that says when each prediction was made; now if None.
        prediction
            The column of classes or quantities predicted.
        proba
            The column of probabilities: P(label = 1) for labels 0 and 1, otherwise the
            probability of the predicted class.
        label
            The column of truths, where they are known already.
        images
            The column of paths to image files; columns such as ``<images>.width`` are derived.
        version
            The model version that made these predictions.
        tz
            The zone of times that carry none, such as ``"UTC"`` or ``"Europe/Berlin"``.

        Raises
        ------
        MissingColumn
            If a named column is not in the frame.
        NaiveTime
            If times have no zone and `tz` is None.
        BadInput
            If the frame is of no known type or holds a value that cannot be recorded.
        Unwritable
            If the store cannot be written. A frame is checked before any of it is
            recorded; one of more than 8 MB goes in pieces, and a full disk may part them.

        Examples
        --------
        >>> import pandas as pd, whence
        >>> frame = pd.DataFrame({"id": ["a", "b"], "age": [31, 54], "pred": [1, 0]})
        >>> whence.model("churn").log(frame, id="id", prediction="pred")
        2
        """
        return record.predictions(
            self._store,
            self.name,
            frame,
            id=id,
            time=time,
            prediction=prediction,
            proba=proba,
            label=label,
            images=images,
            version=version,
            tz=tz,
        )

    def label(
        self,
        frame: Frame,
        *,
        id: str,  # noqa: A002 - the role's name
        label: str,
        time: str | None = None,
        tz: str | None = None,
    ) -> int:
        """Record truths that became known later; return how many were acknowledged.

        In any order, also before their predictions, and as often as wanted: the same value
        again changes nothing, another value replaces the earlier one, which is kept as history.

        Parameters
        ----------
        frame
            As for `log`.
        id, label
            The columns of the prediction's id and of the truth.
        time
            The column that says when each label became known; now if None.
        tz
            The zone of times that carry none.

        Raises
        ------
        MissingColumn, NaiveTime, BadInput, Unwritable
            As for `log`.

        Examples
        --------
        >>> import whence
        >>> m = whence.model("churn")
        >>> m.label([{"id": "a", "left": 1}], id="id", label="left")
        1
        """
        return record.labels(self._store, self.name, frame, id=id, label=label, time=time, tz=tz)

    def reference(self, start: datetime | str, end: datetime | str) -> None:
        """Declare the period in which the model was known to be healthy.

        Parameters
        ----------
        start, end
            Aware times or ISO 8601 text; the end is exclusive.

        Raises
        ------
        NaiveTime, BadInput
            If a time cannot be read, or the end is not after the start.

        Examples
        --------
        >>> import whence
        >>> whence.model("churn").reference("2023-09-01", "2023-09-15")
        """
        first, last = (parse_time(when) if isinstance(when, str) else when for when in (start, end))
        record.reference(self._store, self.name, first, last)

    def watch(
        self,
        *,
        by: Period | None = None,
        delta: float | None = None,
        now: datetime | None = None,
    ) -> WatchReport:
        """Look at what is new and return what crossed its line, and the incidents.

        Parameters
        ----------
        by
            The length of a window: ``"hour"``, ``"day"`` (the default), ``"week"``,
            ``"month"`` or ``"year"``. Another length than last time judges everything anew.
        delta
            The smallest change that matters, in the metric's unit: no smaller rise of the loss
            opens an incident, and `why` takes it too. One point of accuracy (or .01 Brier) if
            nobody said, and 5 % of the reference's mean absolute error for quantities; another
            one than last time judges everything anew.
        now
            The time to look from, for a replay of the past; windows not over by then wait.

        Raises
        ------
        NotFound
            If there are no predictions of this model.
        BadInput
            If `delta` is not above 0.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> m = whence.model("verifier")
        >>> m.log({"ts": "2023-09-01T08:00:00Z", "age": 31, "pred": "ok"},
        ...       time="ts", prediction="pred")
        1
        >>> report = m.watch()
        >>> report.windows[0].rows, report.incidents
        (1, [])
        """
        from whence.api.jobs import watch  # noqa: PLC0415 - needs the extra `app`

        return watch(self._store, self.name, by=by, delta=delta, now=now)

    def why(self, *, incident: str | None = None, delta: float | None = None) -> WhyReport:
        """Return the verdict on an incident (the open one, else the latest), or on its state now.

        Parameters
        ----------
        incident
            Its id, as `watch` reports it.
        delta
            The smallest change that matters, in the metric's unit; what `watch` was told if
            None.

        Raises
        ------
        NotFound
            If there is no such model or incident.
        BadInput
            If there is nothing to compare: no rows in the reference, or none after it.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> m = whence.model("unlabelled")
        >>> m.log([{"ts": f"2023-09-{day:02d}T08:00:00Z", "x": day % 3, "pred": day % 2}
        ...        for day in range(1, 29)], time="ts", prediction="pred")
        28
        >>> m.why().verdict.cause
        'cannot-know'
        """
        from whence.api.jobs import why  # noqa: PLC0415 - needs the extra `app`

        return why(self._store, self.name, incident=incident, delta=delta)

    def forget(
        self,
        *,
        ids: Sequence[object] | None = None,
        before: datetime | str | None = None,
        everything: bool = False,
        keep_counts: bool = False,
        dry_run: bool = False,
    ) -> Forgotten:
        """Forget predictions with their labels, for good, and say what went and what it freed.

        They go from tables, labels, quarantine, waiting labels and journals, and the windows
        they were in are counted anew. What was judged stays judged. It cannot be undone.

        Parameters
        ----------
        ids
            The ids to forget, on whatever day; give one of `ids`, `before` and `everything`.
        before
            Forget all days (UTC) before this one: a date as ISO 8601 text, or a midnight.
        everything
            Forget all that the store has of this model.
        keep_counts
            With `before`: keep what was counted of windows before it, so that the watch goes on.
        dry_run
            Only say what would go.

        Raises
        ------
        BadInput
            If not exactly one of the three is given, or an id or time cannot be used.
        NotFound
            If there is nothing of this model.
        StoreError
            If another program keeps the database from being cleaned; any later reading of the
            store finishes it.
        MissingDependency
            If the extra ``app`` is not installed.

        Examples
        --------
        >>> import whence
        >>> m = whence.model("churn-of-june")
        >>> m.log([{"id": "a", "age": 31, "pred": 0}, {"id": "b", "age": 54, "pred": 1}],
        ...       id="id", prediction="pred")
        2
        >>> m.forget(ids=["a"]).predictions
        1
        """
        from whence.api.jobs import forget  # noqa: PLC0415 - needs the extra `app`

        return forget(
            self._store,
            self.name,
            ids=ids,
            before=before,
            everything=everything,
            keep_counts=keep_counts,
            dry_run=dry_run,
        )
