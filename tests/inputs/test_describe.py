"""What one image file shows."""

from datetime import datetime

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage

from whence.inputs.images import describe
from whence.inputs.pixels import WORKING_SIDE, look


def with_exif():
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131], exif[0x0112] = "Acme\0\0", " One ", "1.2", 6
    exif.get_ifd(0x8769)[0x9003] = datetime(2023, 9, 22, 14, 3, 11).strftime("%Y:%m:%d %H:%M:%S")  # noqa: DTZ001 - EXIF has no zone
    return exif


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_header_and_exif_are_read(picture, save, suffix):
    path = save(picture, f"a.{suffix}", exif=with_exif())
    facts = describe(path)
    assert (facts.width, facts.height, facts.bytes) == (400, 300, path.stat().st_size)
    assert (facts.make, facts.model, facts.software) == ("Acme", "One", "1.2")
    assert (facts.orientation, facts.taken) == (6, "2023:09:22 14:03:11")
    assert facts.error is None


def test_a_tiff_is_turned_upright(picture, save):
    facts = describe(save(picture, "a.tiff", exif=with_exif()))
    assert (facts.width, facts.height, facts.orientation) == (300, 400, None)
    assert (facts.make, facts.error) == ("Acme", None)


def test_a_picture_without_exif_has_none(picture, save):
    facts = describe(save(picture, "a.png"))
    assert (facts.make, facts.model, facts.orientation, facts.taken) == (None,) * 4
    assert facts.format == "PNG"
    assert facts.jpeg_quality is None


@pytest.mark.parametrize("quality", [25, 30, 50, 75, 85, 95])
def test_jpeg_quality_is_the_encoders(picture, save, quality):
    facts = describe(save(picture, "a.jpg", quality=quality))
    assert facts.jpeg_quality == pytest.approx(quality, abs=1)


@pytest.mark.parametrize("grey", [0, 100, 255])
def test_a_flat_grey_has_its_brightness_and_nothing_else(save, grey):
    facts = describe(save(Image.new("RGB", (50, 20), (grey, grey, grey)), "a.png"))
    assert facts.brightness == pytest.approx(grey)
    assert (facts.contrast, facts.sharpness, facts.saturation) == pytest.approx((0, 0, 0))


def test_a_pure_colour_is_fully_saturated(save):
    facts = describe(save(Image.new("RGB", (50, 20), (200, 0, 0)), "a.png"))
    assert facts.saturation == pytest.approx(255)
    assert facts.brightness == pytest.approx(0.299 * 200, abs=1)


def test_statistics_agree_with_scipy(picture):
    square = picture.resize((WORKING_SIDE, WORKING_SIDE))
    luma = np.asarray(square.convert("L"), float)
    found = look(square)
    laplacian = ndimage.laplace(luma)[1:-1, 1:-1]
    assert found.sharpness == pytest.approx(ndimage.variance(laplacian), rel=1e-5)
    assert found.contrast == pytest.approx(ndimage.standard_deviation(luma), rel=1e-5)
    assert found.brightness == pytest.approx(luma.mean(), rel=1e-5)


def test_statistics_do_not_depend_on_the_number_of_pixels(picture):
    large = picture.resize((1600, 1200), Image.Resampling.BICUBIC)
    larger = picture.resize((3200, 2400), Image.Resampling.BICUBIC)
    assert look(large) == pytest.approx(look(larger), rel=0.05)


def test_less_detail_is_less_sharp(picture):
    blurred = picture.filter(ImageFilter.GaussianBlur(3))
    small = picture.resize((40, 30))
    assert look(blurred).sharpness < 0.5 * look(picture).sharpness
    assert look(small).sharpness < 0.5 * look(picture).sharpness


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_mode_is_measured(picture, save, mode):
    if mode == "I;16":
        image = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        image = picture.convert(mode)
    facts = describe(save(image, "a.png" if mode not in {"CMYK", "YCbCr"} else "a.tiff"))
    assert facts.error is None
    assert facts.brightness == pytest.approx(look(picture).brightness, abs=8)


def test_float_pixels_have_no_white_so_nothing_is_measured(save):
    facts = describe(save(Image.fromarray(np.ones((9, 9), np.float32)), "a.tiff"))
    assert (facts.width, facts.brightness, facts.error) == (9, None, None)


def test_of_an_animation_the_first_frame_counts(save):
    frames = [Image.new("L", (30, 30), grey) for grey in (40, 200, 200)]
    facts = describe(save(frames[0], "a.gif", save_all=True, append_images=frames[1:]))
    assert facts.format == "GIF"
    assert facts.brightness == pytest.approx(40, abs=1)


def test_a_line_is_too_thin_to_be_sharp(save):
    facts = describe(save(Image.new("L", (5000, 1), 90), "a.png"))
    assert facts.sharpness is None
    assert facts.brightness == pytest.approx(90)
    assert facts.error is None


def test_above_the_limit_only_the_header_is_known(picture, save):
    path = save(picture, "a.jpg", exif=with_exif())
    facts = describe(path, most_pixels=400 * 300 - 1)
    assert (facts.error, facts.width, facts.model) == ("too large", 400, "One")
    assert facts.brightness is None
    assert describe(path, most_pixels=400 * 300).error is None
