"""Searching the registry: models and versions by what conditions say of them.

Prompts of MLflow are registered models with a tag; they are found only where that is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.store import registered_versions, registry
from whence.store.filter_sql import Clause, compare, every, having

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.filters import Condition, Order
    from whence.store.metadata import Metadata
    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel

__all__ = ["PROMPT", "count", "models", "versions"]

PROMPT = "mlflow.prompt.is_prompt"
"""The tag that makes a registered model a prompt, and its versions those of a prompt."""

_MODEL_COLUMNS = {"name": "name", "last_updated_timestamp": "updated"}
_VERSION_COLUMNS = {
    "name": "model",
    "version_number": "version",
    "run_id": "ifnull(run, '')",
    "source_path": "source",
    "creation_timestamp": "created",
    "last_updated_timestamp": "updated",
}
"""Columns by what filters call them; of a version without a run filters say the empty text."""

_MODEL_TAGS = "registered_model_tags WHERE registered_model_tags.model = registered_models.name"
_VERSION_TAGS = (
    "version_tags WHERE version_tags.model = versions.model"
    " AND version_tags.version = versions.version"
)

_NO_PROMPT = Clause(
    "name NOT IN (SELECT model FROM registered_model_tags WHERE key = ? AND value = 'true')",
    (PROMPT,),
)
_OF_NO_PROMPT = Clause(
    "model NOT IN (SELECT model FROM version_tags WHERE key = ? AND value = 'true')", (PROMPT,)
)


def models(
    metadata: Metadata,
    conditions: Sequence[Condition] = (),
    orders: Sequence[Order] = (),
    *,
    limit: int = -1,
    offset: int = 0,
) -> list[RegisteredModel]:
    """Return a page of the registered models that fit all conditions, at last by name.

    Parameters
    ----------
    conditions, orders
        As `filters.parse` and `filters.parse_orders` make them of `grammars.REGISTERED_MODELS`.
    limit, offset
        The page; all for a negative limit.
    """
    where = _fitting(conditions, _MODEL_COLUMNS, _MODEL_TAGS, _NO_PROMPT)
    return registry.page(
        metadata,
        where=where.sql,
        values=where.values,
        order=_order(orders, _MODEL_COLUMNS, {"name": "name"}),
        limit=limit,
        offset=offset,
    )


def count(metadata: Metadata, conditions: Sequence[Condition] = ()) -> int:
    """Return how many registered models fit all conditions; see `models`."""
    where = _fitting(conditions, _MODEL_COLUMNS, _MODEL_TAGS, _NO_PROMPT)
    (number,) = metadata.one(
        f"SELECT COUNT(*) FROM registered_models WHERE {where.sql}",  # noqa: S608 - of our own words
        *where.values,
    ) or (0,)
    return int(number)


def versions(
    metadata: Metadata,
    conditions: Sequence[Condition] = (),
    orders: Sequence[Order] = (),
    *,
    limit: int = -1,
    offset: int = 0,
) -> list[RegisteredVersion]:
    """Return a page of the versions that fit all conditions, at last by model, newest first.

    See `models`; the grammar is `grammars.MODEL_VERSIONS`.
    """
    where = _fitting(conditions, _VERSION_COLUMNS, _VERSION_TAGS, _OF_NO_PROMPT)
    return registered_versions.page(
        metadata,
        where=where.sql,
        values=where.values,
        order=_order(orders, _VERSION_COLUMNS, {"model": "model", "version": "version DESC"}),
        limit=limit,
        offset=offset,
    )


def _is_of_prompts(conditions: Iterable[Condition]) -> bool:
    """Whether prompts are asked for: the first condition of their tag says so."""
    for one in conditions:
        if one.kind == "tag" and one.key == PROMPT:
            said = str(one.value).lower()
            return (one.operator, said) in (("=", "true"), ("!=", "false"))
    return False


def _fitting(
    conditions: Sequence[Condition], columns: Mapping[str, str], tags: str, no_prompts: Clause
) -> Clause:
    of_prompts = _is_of_prompts(conditions)
    # No model has a tag that it is no prompt, so such a condition is none of tags.
    kept = [one for one in conditions if of_prompts or (one.kind, one.key) != ("tag", PROMPT)]
    clauses = [
        having(tags, one.key, one.operator, one.value)
        if one.kind == "tag"
        else compare(columns[one.key], one.operator, one.value)
        for one in kept
    ]
    return every(clauses if of_prompts else [*clauses, no_prompts])


def _order(orders: Iterable[Order], columns: Mapping[str, str], last: Mapping[str, str]) -> str:
    said = {columns[one.key]: "DESC" if one.descending else "ASC" for one in orders}
    parts = [f"{column} {way}" for column, way in said.items()]
    parts += [clause for column, clause in last.items() if column not in said]
    return ", ".join(parts)
