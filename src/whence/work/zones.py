"""Time zones by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from whence.errors import BadInput

__all__ = ["known_zone"]


def known_zone(name: str | None) -> str | None:
    """Return the name if it is a zone's (or None).

    Raises
    ------
    BadInput
        If there is no such zone.
    """
    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadInput(f"{name!r} is no time zone; write UTC or Europe/Berlin") from error
    return name
