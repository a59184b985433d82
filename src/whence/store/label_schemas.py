"""Label schemas: the questions that people answer when they review a project's traces."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from whence.errors import BadInput
from whence.store.label_inputs import Input, Text, check_change, check_input
from whence.types.time import now

if TYPE_CHECKING:
    from whence.store.metadata import Metadata

__all__ = ["Kind", "LabelSchema", "create", "delete", "find", "named", "page", "update"]

Kind = Literal["FEEDBACK", "EXPECTATION"]
"""What an answer is: an opinion on what was answered, or what should have been."""

_FIELDS = "id, project, name, kind, input, instruction, comments, preset, created, updated"

_PRESET, _PRESET_INSTRUCTION = "Feedback", "What do you think of this trace?"
"""The question that every project has."""

_LONGEST_NAME, _LONGEST_INSTRUCTION = 250, 1000
"""In characters."""


class LabelSchema(NamedTuple):
    """One question; times are microseconds since 1970 (UTC).

    `comments` says whether an answer may have a comment, `preset` whether it is the one that
    every project has.
    """

    id: str
    project: int
    name: str
    kind: Kind
    input: Input
    instruction: str | None
    comments: bool
    preset: bool
    created: int
    updated: int


def create(
    metadata: Metadata,
    project: int,
    name: str,
    *,
    kind: Kind,
    answered: Input,
    instruction: str | None = None,
    comments: bool = False,
) -> LabelSchema | None:
    """Make a question and return it; None if the project has one of that name.

    Raises
    ------
    BadInput
        If the name, the instruction or the input cannot be.
    """
    _check_name(name)
    _check_instruction(instruction)
    check_input(answered)
    at = now()
    made = LabelSchema(
        _new_id(), project, name, kind, answered, instruction, comments, False, at, at
    )
    with metadata.transaction():
        if named(metadata, project, name) is not None:
            return None
        _put(metadata, made)
    return made


def find(metadata: Metadata, schema: str) -> LabelSchema | None:
    """Return a question by its id; None if there is none."""
    return _one(metadata, "id = ?", schema)


def named(metadata: Metadata, project: int, name: str) -> LabelSchema | None:
    """Return a project's question of a name; None if there is none."""
    return _one(metadata, "project = ? AND name = ?", project, name)


def page(
    metadata: Metadata, project: int, *, limit: int = -1, offset: int = 0
) -> list[LabelSchema]:
    """Return a page of a project's questions, the latest first; a negative limit is none.

    The question that every project has is made when a project's are first asked for.
    """
    with metadata.transaction():
        if _one(metadata, "project = ? AND preset", project) is None:
            at = now()
            _put(metadata, LabelSchema(
                _new_id(), project, _PRESET, "FEEDBACK", Text(), _PRESET_INSTRUCTION,
                comments=False, preset=True, created=at, updated=at,
            ))  # fmt: skip
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM label_schemas WHERE project = ?"  # noqa: S608 - of fixed words
        " ORDER BY created / 1000 DESC, id LIMIT ? OFFSET ?",
        *(project, limit, offset),
    )
    return [_read(row) for row in rows]


def update(
    metadata: Metadata,
    schema: LabelSchema,
    *,
    name: str | None = None,
    answered: Input | None = None,
    instruction: str | None = None,
    comments: bool | None = None,
) -> LabelSchema | None:
    """Change what is given of a question and return it; None if the new name is taken.

    Raises
    ------
    BadInput
        If it cannot be changed so.
    """
    if schema.preset:
        raise BadInput("the project's default question cannot be edited; make another one")
    changed = schema._replace(updated=now())
    if name is not None:
        _check_name(name)
        changed = changed._replace(name=name)
    if instruction is not None:
        _check_instruction(instruction)
        changed = changed._replace(instruction=instruction)
    if answered is not None:
        check_input(answered)
        check_change(schema.input, answered)
        changed = changed._replace(input=answered)
    if comments is not None:
        changed = changed._replace(comments=comments)
    with metadata.transaction():
        same = named(metadata, changed.project, changed.name)
        if same is not None and same.id != changed.id:
            return None
        _put(metadata, changed)
    return changed


def delete(metadata: Metadata, schema: str) -> None:
    """Delete a question; one that is not there changes nothing.

    Raises
    ------
    BadInput
        If it is the one that every project has.
    """
    with metadata.transaction():
        found = find(metadata, schema)
        if found is not None and found.preset:
            raise BadInput("the project's default question cannot be deleted")
        metadata.run("DELETE FROM label_schemas WHERE id = ?", schema)


def _new_id() -> str:
    return f"ls-{uuid.uuid4().hex}"


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise BadInput(
            f"the label schema's name {name!r:.80} has {len(name)} characters; give 1 to "
            f"{_LONGEST_NAME}"
        )
    if name.strip().lower() == _PRESET.lower():
        raise BadInput(
            f"the name {name!r} is reserved for the project's default question; give another"
        )


def _check_instruction(instruction: str | None) -> None:
    if instruction is not None and len(instruction) > _LONGEST_INSTRUCTION:
        raise BadInput(
            f"the label schema's instruction has {len(instruction)} characters; give at most "
            f"{_LONGEST_INSTRUCTION}"
        )


def _one(metadata: Metadata, where: str, *values: object) -> LabelSchema | None:
    row = metadata.one(f"SELECT {_FIELDS} FROM label_schemas WHERE {where}", *values)  # noqa: S608 - of our own words
    return None if row is None else _read(row)


def _read(row: tuple[object, ...]) -> LabelSchema:
    found = LabelSchema._make(row)
    return found._replace(
        input=msgspec.json.decode(str(found.input), type=Input),
        comments=bool(found.comments),
        preset=bool(found.preset),
    )


def _put(metadata: Metadata, schema: LabelSchema) -> None:
    values = schema._replace(input=msgspec.json.encode(schema.input).decode())  # type: ignore[arg-type] # as the table holds it
    metadata.run(
        f"INSERT OR REPLACE INTO label_schemas ({_FIELDS})"  # noqa: S608 - of fixed words
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *values,
    )
