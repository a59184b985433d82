"""Phones: each turns a scene into a JPEG file of its own size, with its name in the EXIF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.random import Generator
    from PIL.Image import Image

__all__ = ["NEW", "OLD", "Phone", "shoot"]

_JPEG_QUALITY = 85
_LARGEST_CROP = 0.08  # of the side: nobody holds a phone twice in the same place
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 0x010F, 0x0110, 0x0112, 0x0131
_SUB_DIRECTORY, _TAKEN = 0x8769, 0x9003
_UPRIGHT = 1


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone's camera; `side` is that of its square photos, in pixels."""

    make: str
    model: str
    software: str
    side: int


OLD = (Phone("Lumen", "Lumen 4", "4.6", 28), Phone("Lumen", "Lumen 5", "5.2", 28))
"""The phones the classifier was trained with."""

NEW = Phone("Lumen", "Lumen 6", "6.0", 56)
"""The phone that comes out. Nothing but the size of its photos differs."""


def shoot(scene: Image, phone: Phone, taken: datetime, light: float, rng: Generator) -> bytes:
    """Return the JPEG file a phone makes of a scene: cropped a little, lit, sized, encoded.

    Parameters
    ----------
    scene
        Square, RGB.
    phone
        Whose camera.
    taken
        Written to the EXIF as local time.
    light
        Factor on all pixel values; 1 is the scene as it is.
    rng
        Draws the crop.
    """
    from PIL import Image, ImageEnhance  # noqa: PLC0415 - optional

    side = scene.width * (1 - rng.uniform(0, _LARGEST_CROP))
    left, top = rng.uniform(0, scene.width - side, 2)
    photo = scene.resize(
        (phone.side, phone.side), Image.Resampling.BICUBIC, (left, top, left + side, top + side)
    )
    photo = ImageEnhance.Brightness(photo).enhance(light)
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL], exif[_SOFTWARE] = phone.make, phone.model, phone.software
    exif[_ORIENTATION] = _UPRIGHT
    exif.get_ifd(_SUB_DIRECTORY)[_TAKEN] = taken.strftime("%Y:%m:%d %H:%M:%S")
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=_JPEG_QUALITY, exif=exif)
    return file.getvalue()
