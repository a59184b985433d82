"""Files as answers: which type each name has, and what a browser may show of it."""

from __future__ import annotations

import re
import unicodedata
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["attachment", "shown", "type_of"]

_TEXT = frozenset({
    "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml",
    "yaml", "yml", "xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel",
    "mlproject",
})  # fmt: skip
"""Endings, and whole names without one, of files that are text to read, whatever else they are."""

_UNKNOWN = "application/octet-stream"

_SHOWN_IMAGES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"}
)
"""Pictures that hold nothing a browser would run; SVG can."""

MOST_SHOWN = 16 * 2**20
"""The longest file that is shown rather than saved, in bytes."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_IN_VALUE = "!#$&+-.^_`|~"
"""What RFC 8187 lets stand as it is in a name that is not ASCII."""


def type_of(name: str) -> str:
    """Return the media type of a file's name; text is ``text/plain``, whatever it means."""
    path = PurePosixPath(name)
    if (path.suffix.removeprefix(".") or path.name) in _TEXT:
        return "text/plain"
    return guess_type(path.name)[0] or _UNKNOWN


def attachment(content: Path, path: str) -> FileResponse:
    """Return a file to be saved under its name, never to be shown; it may be asked for in parts.

    Parameters
    ----------
    content
        Where it lies.
    path
        What it is called; the last name counts.
    """
    name = PurePosixPath(path).name
    return FileResponse(
        content, headers={"Content-Type": type_of(name), "Content-Disposition": _saved_as(name)}
    )


def shown(content: Path, path: str, size: int) -> FileResponse:
    """Return a file that a page may show: a picture or a text of no great size; others are saved.

    A page of HTML is never shown: it would be one of this server's own.
    """
    kind = type_of(PurePosixPath(path).name)
    if size > MOST_SHOWN or not (kind in _SHOWN_IMAGES or kind == "text/plain"):
        return attachment(content, path)
    if kind == "text/plain":
        kind = "text/plain; charset=utf-8"
    return FileResponse(content, headers={"Content-Type": kind, "Content-Disposition": "inline"})


def _saved_as(name: str) -> str:
    """Return ``Content-Disposition`` for a name (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "download"
    if not _TOKEN.fullmatch(plain):
        escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
        plain = f'"{escaped}"'
    also = "" if name.isascii() else f"; filename*=UTF-8''{quote(name, safe=_IN_VALUE)}"
    return f"attachment; filename={plain}{also}"
