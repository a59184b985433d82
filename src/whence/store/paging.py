"""Page tokens: where the next page of an answer begins, as text that clients hand back.

A token is base64 of the JSON ``{"offset": n}``, as MLflow's are.
"""

from __future__ import annotations

import base64
import binascii
import json

from whence.errors import BadInput

__all__ = ["offset_of", "token_of"]

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

_FIX = "give the next_page_token of the page before, or none for the first page"


def token_of(offset: int) -> str:
    """Return the token of the page that begins after so many rows."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(token: str | None) -> int:
    """Return after how many rows a token's page begins; 0 without one.

    Raises
    ------
    BadInput
        If it is no token that `token_of` made.
    """
    if not token:
        return 0
    try:
        decoded = base64.b64decode(token)
    except (binascii.Error, ValueError):
        raise BadInput(f"Invalid page token, could not base64-decode; {_FIX}") from None
    try:
        found = json.loads(decoded)
    except (ValueError, RecursionError):
        raise BadInput(f"Invalid page token, decoded value={decoded!r}; {_FIX}") from None
    offset = found.get("offset") if isinstance(found, dict) else None
    if isinstance(offset, str) and offset.isdecimal() and len(offset) <= len(str(_LARGEST)):
        offset = int(offset)
    if type(offset) is not int or not 1 <= offset <= _LARGEST:
        raise BadInput(f"Invalid page token, parsed value={found}; {_FIX}")
    return offset
