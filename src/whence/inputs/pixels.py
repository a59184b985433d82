"""What a picture looks like in five numbers, each comparable between photos of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from whence.errors import MissingDependency

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["WORKING_SIDE", "Look", "jpeg_quality", "look"]

WORKING_SIDE = 256
"""Pixels of the longer side of the copy that is measured. Detail finer than 1/256 of a photo is
invisible to what most models see of it, and 256 pixels cost about a millisecond."""

_SHORTEST_FOR_LAPLACIAN = 3
_COLOUR_STEP = 4  # colour is coarse, and hue-saturation-value the dearest step at full size
_STANDARD_LUMINANCE_SUM = 3688  # of ITU-T T.81, table K.1: quality 50 of the IJG's encoder
_HALF = 100  # the IJG's scale at quality 50, in per cent of table K.1
_TABLE = 64


class Look(NamedTuple):
    """Statistics of a photo's pixels; None where they cannot be told."""

    sharpness: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    saturation: float | None = None


def look(image: Image) -> Look:
    """Measure a decoded image on a copy whose longer side is `WORKING_SIDE`.

    A small photo is enlarged to that size and then shows less detail, as it does to an eye and
    to a network that resizes its input: so the numbers of a 28-pixel and of a 12-megapixel photo
    mean the same. Units are those of 8-bit images, 0 to 255.

    - brightness: mean luma (ITU-R BT.601).
    - contrast: standard deviation of luma (RMS contrast: Peli 1990, J. Opt. Soc. Am. A 7:2032).
    - sharpness: variance of the 4-neighbour Laplacian of luma (LAPV in Pertuz, Puig and Garcia
      2013, Pattern Recognition 46:1415; first Pech-Pacheco et al. 2000, ICPR).
    - saturation: mean S of hue-saturation-value.

    Raises
    ------
    MissingDependency
        If numpy is not installed.
    """
    try:
        import numpy as np  # noqa: PLC0415 - optional, and costs 0.1 s
    except ImportError as error:
        raise MissingDependency("numpy", "app") from error

    copy = _working_copy(image)
    if copy is None:
        return Look()
    luma = np.asarray(copy.convert("L"), np.float32)
    sharpness = None
    if min(luma.shape) >= _SHORTEST_FOR_LAPLACIAN:
        inner = luma[1:-1, 1:-1]
        around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
        sharpness = float(np.var(around - 4 * inner, dtype=np.float64))
    saturation = np.asarray(copy.reduce(_COLOUR_STEP).convert("HSV").getchannel("S"))
    return Look(
        sharpness,
        float(luma.mean(dtype=np.float64)),
        float(luma.std(dtype=np.float64)),
        float(saturation.mean(dtype=np.float64)),
    )


def _working_copy(image: Image) -> Image | None:
    """Return the image as RGB at the working size; None if its values have no known white."""
    if image.mode in {"I", "F"}:
        return None
    if image.mode.startswith("I;16"):
        image = image.convert("I").point([level >> 8 for level in range(1 << 16)], "L")
    share = WORKING_SIDE / max(image.size)
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    from PIL.Image import Resampling  # noqa: PLC0415 - optional; whoever has an image has it

    return rgb.resize(size, Resampling.BILINEAR, reducing_gap=2.0)


def jpeg_quality(tables: dict[int, list[int]] | None) -> float | None:
    """Return the IJG quality (1 to 100) whose luminance table has this mean; None if no JPEG.

    The table of quality q is table K.1 times s/100 with s = 5000/q below 50 and 200 - 2q above
    (``jpeg_quality_scaling`` in libjpeg's jcparam.c), solved for q. Exact to about 1 for files
    of libjpeg from 25 up (below, the divisors' limit of 255 makes it too large); for cameras with
    tables of their own an equivalent.

    Parameters
    ----------
    tables
        The quantisation tables as Pillow gives them: number -> 64 divisors; 0 is luminance.
    """
    if not tables or len(tables.get(0, ())) != _TABLE:
        return None
    scale = 100 * sum(tables[0]) / _STANDARD_LUMINANCE_SUM
    quality = 5000 / scale if scale > _HALF else (200 - scale) / 2
    return float(min(max(round(quality), 1), 100))
