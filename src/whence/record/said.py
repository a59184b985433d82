"""What a call says beside its data: the model, the roles of the columns, the zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from whence.errors import BadInput, MissingColumn
from whence.types.records import Roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

__all__ = ["LONGEST_NAME", "Said", "check_columns", "check_name", "check_zone"]

LONGEST_NAME = 200
"""The most characters of a name that becomes a folder, a heading and a part of URLs."""


_ROLES = ("id", "time", "prediction", "proba", "label", "images", "version")


class Said(NamedTuple):
    """The arguments of a call that are no data; hashable when they are what they should be."""

    model: str
    id: str | None
    time: str | None
    prediction: str | None
    proba: str | None
    label: str | None
    images: str | None
    version: str | None
    tz: str | None

    def check(self) -> None:
        """Raise BadInput if the model or the zone is none, or a role is no name."""
        check_name("model", self.model)
        check_zone(self.tz)
        for role in _ROLES:
            column = getattr(self, role)
            if column is not None:
                check_name(role, column)

    def resolve(self, columns: Sequence[str]) -> tuple[Roles, str | None]:
        """Return the roles in a frame, and the version of all its rows where no column has it.

        Raises
        ------
        BadInput
            If a column's name is no text, or comes twice.
        MissingColumn
            If a role names a column that is not there.
        """
        named = (self.id, self.time, self.prediction, self.proba, self.label, self.images)
        check_columns(columns, named)
        # Both are natural to write: version="model_version" and version="2024-09".
        if self.version in columns:
            return Roles(*named, self.version), None
        return Roles(*named), self.version


def check_name(what: str, name: object) -> None:
    """Raise BadInput if a name is not 1 to `LONGEST_NAME` characters of text."""
    if isinstance(name, str) and name.strip() and len(name) <= LONGEST_NAME and _is_utf8(name):
        return
    shown = f"{name!r:.80}"
    raise BadInput(f"{what} is {shown}; give a text of 1 to {LONGEST_NAME} characters")


def check_zone(tz: str | None) -> ZoneInfo | None:
    """Return the zone of that name; raise BadInput if there is none."""
    if tz is None:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - few name a zone

    try:
        return ZoneInfo(tz)
    # ValueError, TypeError: not a name at all; OSError: the name of a folder of zones.
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadInput(
            f"tz is {tz!r:.80}, which is no time zone known here; give a name such as "
            "'Europe/Berlin' (where the system has none: pip install tzdata)"
        ) from error


def check_columns(columns: Sequence[str], named: Iterable[str | None]) -> None:
    """Raise BadInput if the names of columns are unusable, MissingColumn if one is not there."""
    if not columns:
        raise BadInput("the frame has no columns; give each row at least one field")
    for column in columns:
        if not isinstance(column, str) or not _is_utf8(column):
            raise BadInput(
                f"the frame has a column named {column!r:.80}; give names that are text "
                "(in pandas: frame.columns = frame.columns.astype(str))"
            )
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise BadInput(f"the frame has two columns named {twice!r}; rename one")
    for name in named:
        if name is not None and name not in columns:
            raise MissingColumn(name, list(columns))


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
