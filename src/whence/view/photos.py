"""Which files may be shown: photos that lie below a root that the server was told of."""

from __future__ import annotations

from pathlib import Path

__all__ = ["KINDS", "permitted"]

KINDS = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
"""Suffixes of files that a browser shows as a picture and as nothing else; no SVG: it may hold
a script."""


def permitted(path: str, roots: tuple[Path, ...]) -> Path | None:
    """Return the file to show for a logged path, or None where it may not be shown.

    Links are followed before the path is compared with the roots, so that none leads out of
    them; a relative path is taken from each root in turn.
    """
    if "\0" in path or Path(path).suffix.lower() not in KINDS:
        return None
    for root in roots:
        whole = root.resolve()
        try:
            found = (whole / path).resolve()
            if found.is_relative_to(whole) and found.is_file():
                return found
        except (OSError, RuntimeError):  # a name too long for the system; a loop of links
            continue
    return None
