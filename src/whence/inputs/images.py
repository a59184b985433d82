"""Image files to columns: size, camera, light, sharpness, and what is wrong with the file."""

from __future__ import annotations

import os
import stat
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.errors import MissingDependency
from whence.inputs import exif, pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

__all__ = ["ERRORS", "FORMATS", "MOST_PIXELS", "ImageFacts", "derive", "describe"]

MOST_PIXELS = 50_000_000
"""Larger images are not decoded. The largest phone photos have 48 million pixels; 50 million
take 150 MB a thread."""

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP")
"""What is read, as far as the installed Pillow can; phones' MPO files come in as JPEG. Others stay
closed on purpose: Pillow starts Ghostscript on an EPS file."""

MISSING = "missing"
UNREADABLE = "unreadable"
NOT_AN_IMAGE = "not an image"
TRUNCATED = "truncated"
DAMAGED = "damaged"
TOO_LARGE = "too large"

ERRORS = (MISSING, UNREADABLE, NOT_AN_IMAGE, TRUNCATED, DAMAGED, TOO_LARGE)
"""The values of `ImageFacts.error`: no such file; no right to read it; no format of `FORMATS`;
ends too early; cannot be decoded; more than the most pixels."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What one image file shows; None where it cannot be known.

    Attributes
    ----------
    width, height
        Pixels as stored, before `orientation` is applied; but of a TIFF after it, and
        `orientation` is then None.
    bytes
        Of the file.
    format
        ``"JPEG"``, ``"PNG"``...
    make, model, software
        EXIF text of the camera.
    orientation
        EXIF, 1 (upright) to 8.
    taken
        EXIF ``DateTimeOriginal`` as written, without a zone.
    sharpness, brightness, contrast, saturation
        See `whence.inputs.pixels.look`; 0 to 255 but for sharpness, which is a variance.
    jpeg_quality
        1 to 100, see `whence.inputs.pixels.jpeg_quality`.
    error
        One of `ERRORS`, or None.
    """

    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    format: str | None = None
    make: str | None = None
    model: str | None = None
    software: str | None = None
    orientation: int | None = None
    taken: str | None = None
    sharpness: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    saturation: float | None = None
    jpeg_quality: float | None = None
    error: str | None = None


_NOTHING = ImageFacts()


def describe(path: str | os.PathLike[str], *, most_pixels: int = MOST_PIXELS) -> ImageFacts:
    """Return what an image file shows; a bad file gives `error` and what is still known.

    The header is read first, the pixels only if there are at most `most_pixels`; a JPEG is
    decoded at the smallest of the scales 1, 1/2, 1/4, 1/8 that suffices. Of an animation the
    first frame counts. Never raises or warns for what is in the file. It silences the warnings
    of the process while it runs, so call `derive`, not this from many threads.

    Raises
    ------
    MissingDependency
        If Pillow or numpy is not installed.
    """
    return _all([os.fspath(path)], most_pixels, workers=1)[0]


def derive(
    paths: Sequence[str | None], root: Path | None = None, *, most_pixels: int = MOST_PIXELS
) -> dict[str, list[Any]]:
    """Return columns of what many image files show: fact -> one value per path, in order.

    Parameters
    ----------
    paths
        Of the files; None where a row has no image, which gives None in every column. A path
        that comes more than once is read once.
    root
        The folder relative paths start from; the current one if None.
    most_pixels
        As for `describe`.

    Raises
    ------
    MissingDependency
        If Pillow or numpy is not installed.
    """
    distinct = list(dict.fromkeys(path for path in paths if path is not None))
    full = [str(root / path) if root is not None else path for path in distinct]
    found = dict(zip(distinct, _all(full, most_pixels, workers=os.cpu_count() or 1), strict=True))
    rows = [_NOTHING if path is None else found[path] for path in paths]
    return {
        name: [getattr(row, name) for row in rows]
        for name in (field.name for field in fields(ImageFacts))
    }


def _all(paths: list[str], most_pixels: int, workers: int) -> list[ImageFacts]:
    """Read files on several threads: decoding and resizing leave Python's lock."""
    try:
        import PIL.Image  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingDependency("pillow", "images") from error
    PIL.Image.init()
    formats = [name for name in FORMATS if name in PIL.Image.OPEN]
    # The filters are the process's, so they are set once around all threads, not in each.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if workers == 1 or len(paths) == 1:
            return [_facts(path, most_pixels, formats) for path in paths]
        with ThreadPoolExecutor(workers, thread_name_prefix="whence-images") as pool:
            return list(pool.map(lambda path: _facts(path, most_pixels, formats), paths))


def _facts(path: str, most_pixels: int, formats: list[str]) -> ImageFacts:
    """Read one file: its status, then its header, then its pixels."""
    from PIL import Image  # noqa: PLC0415 - optional

    try:
        status = Path(path).stat()
    except PermissionError:
        return ImageFacts(error=UNREADABLE)
    except (OSError, ValueError):  # no such file, a name too long, a NUL in the name
        return ImageFacts(error=MISSING)
    if not stat.S_ISREG(status.st_mode):  # a folder; or a pipe, which would never end
        return ImageFacts(error=NOT_AN_IMAGE)
    try:
        with Image.open(path, formats=formats) as image:
            return _opened(image, status.st_size, most_pixels)
    except MissingDependency:
        raise
    except Exception as error:  # noqa: BLE001 - on hostile bytes Pillow raises nearly anything
        return ImageFacts(bytes=status.st_size, error=_reason(error))


def _reason(error: Exception) -> str:
    """Return the member of `ERRORS` that an exception of Pillow means."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - optional

    if isinstance(error, UnidentifiedImageError):
        return NOT_AN_IMAGE
    if isinstance(error, PermissionError):
        return UNREADABLE
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return TOO_LARGE
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return TRUNCATED
    return DAMAGED


def _opened(image: Image, size: int, most_pixels: int) -> ImageFacts:
    """Describe an image whose header has been read."""
    width, height = image.size
    known: dict[str, Any] = {
        "width": width,
        "height": height,
        "bytes": size,
        "format": image.format,
        "jpeg_quality": pixels.jpeg_quality(getattr(image, "quantization", None)),
    }
    if width * height > most_pixels:
        return ImageFacts(**known, **exif.read(image)._asdict(), error=TOO_LARGE)
    image.draft("RGB", (pixels.WORKING_SIDE, pixels.WORKING_SIDE))
    error = _load(image)
    # A PNG may carry its EXIF after its pixels, so it is read once they are.
    known |= exif.read(image)._asdict()
    if error is not None:
        return ImageFacts(**known, error=error)
    return ImageFacts(**known, **pixels.look(image)._asdict())


def _load(image: Image) -> str | None:
    """Decode the pixels; return what is wrong with them."""
    try:
        image.load()
    except Exception as error:  # noqa: BLE001 - on hostile bytes decoders raise nearly anything
        return _reason(error)
    return None
