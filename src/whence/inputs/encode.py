"""Arrays of pixels as PNG."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from whence.errors import BadInput

if TYPE_CHECKING:
    from typing import Any

__all__ = ["as_png"]


def as_png(pixels: Any) -> bytes:  # noqa: ANN401 - whatever numpy takes for an array
    """Return pixels as a PNG.

    Parameters
    ----------
    pixels
        Height by width, or height by width by 1, 3 (RGB) or 4 (RGBA): integers from 0 to 255,
        or floats from 0 to 1, or bools.

    Raises
    ------
    BadInput
        If they are no picture.
    """
    array = np.asarray(pixels)
    if array.ndim == 3 and array.shape[2] == 1:  # noqa: PLR2004 - the third axis is of colours
        array = array[:, :, 0]
    plain = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {3, 4})  # noqa: PLR2004 - as above
    if not plain or not array.size:
        raise BadInput(
            f"the image has the shape {array.shape}; give height x width, with 1, 3 or 4 colours"
        )
    low, high = (0, 1) if array.dtype.kind in "fb" else (0, 255)
    if array.dtype.kind not in "fbiu" or not (array >= low).all() or not (array <= high).all():
        raise BadInput(
            f"the image holds {array.dtype} values that are no brightness; give integers from 0 "
            "to 255, or floats from 0 to 1"
        )
    scaled = np.round(array * 255.0) if high == 1 else array
    written = BytesIO()
    Image.fromarray(scaled.astype(np.uint8)).save(written, "PNG")
    return written.getvalue()
