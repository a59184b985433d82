"""What the camera wrote beside the picture: its EXIF fields, believed only where they are sane."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Exif", "read"]

# Tag numbers of EXIF 2.32 (CIPA DC-008), section 4.6.
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 0x010F, 0x0110, 0x0112, 0x0131
_SUB_DIRECTORY, _TAKEN = 0x8769, 0x9003

_ORIENTATIONS = range(1, 9)
_LONGEST_TEXT = 100  # a camera's name has 30 characters; damaged fields run to the file's end


class Exif(NamedTuple):
    """The fields that say which camera took a photo, how and when; None where not given."""

    make: str | None = None
    model: str | None = None
    software: str | None = None
    orientation: int | None = None
    taken: str | None = None


def read(image: Image) -> Exif:
    """Return an opened image's EXIF fields; damaged ones count as not given.

    Notes
    -----
    `taken` is ``DateTimeOriginal`` as written, ``"2023:09:22 14:03:11"``: a camera's clock has
    no zone, so it is text and not a time.
    """
    try:
        tags = image.getexif()
        orientation = tags.get(_ORIENTATION)
        return Exif(
            _text(tags.get(_MAKE)),
            _text(tags.get(_MODEL)),
            _text(tags.get(_SOFTWARE)),
            orientation if orientation in _ORIENTATIONS else None,
            _text(tags.get_ifd(_SUB_DIRECTORY).get(_TAKEN)),
        )
    except Exception:  # noqa: BLE001 - on hostile bytes Pillow's parser raises nearly anything
        return Exif()


def _text(value: object) -> str | None:
    """Return a field that should be text, without padding and control characters."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return None
    printable = "".join(letter for letter in value if letter.isprintable())
    return printable[:_LONGEST_TEXT].strip() or None
