"""What stands before the network in production: a file becomes a grey image, at its own size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

__all__ = ["LARGEST_SIDE", "read", "resized"]

LARGEST_SIDE = 512
"""Larger photos are halved until they fit, so that one upload cannot take all memory."""


def read(file: bytes) -> Grey:
    """Return a JPEG file upright and grey, (height, width), at its own size.

    That nothing is resized is the weakness of this service: the network takes any size, nothing
    fails, and a larger photo shows it everything enlarged, as nothing in training was (Touvron
    et al. 2019, "Fixing the train-test resolution discrepancy", NeurIPS).
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - optional

    with Image.open(io.BytesIO(file), formats=("JPEG",)) as image:
        upright = ImageOps.exif_transpose(image).convert("L")
    factor = 1
    while max(upright.size) > factor * LARGEST_SIDE:
        factor *= 2
    return np.asarray(upright.reduce(factor) if factor > 1 else upright)


def resized(photo: Grey, side: int) -> Grey:
    """Return a photo whose longer side is larger than `side` at that size, others as they are.

    Each new pixel averages those it covers (Pillow's bilinear filter, support scaled).
    """
    from PIL import Image  # noqa: PLC0415 - optional

    longer = max(photo.shape)
    if longer <= side:
        return photo
    height, width = (max(1, round(length * side / longer)) for length in photo.shape)
    return np.asarray(Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR))
