"""Files that are not what they should be: an error in words, never an exception or a warning."""

import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from whence.inputs.images import ERRORS, FORMATS, derive, describe


def png_header(width, height):
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"IEND"
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
        + struct.pack(">I", 0) + end + struct.pack(">I", zlib.crc32(end))
    )  # fmt: skip


def test_a_file_that_is_not_there(tmp_path):
    assert describe(tmp_path / "no.jpg").error == "missing"
    assert describe("nul\0inside.jpg").error == "missing"
    assert describe("x" * 5000).error == "missing"


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_a_file_that_is_no_image(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    facts = describe(path)
    assert facts.error in {"not an image", "truncated"}
    assert facts.bytes == len(content)


def test_a_postscript_file_is_never_opened(tmp_path):
    path = tmp_path / "a.eps"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    assert "EPS" not in FORMATS
    assert describe(path).error == "not an image"


def test_a_folder_and_a_pipe(tmp_path):
    assert describe(tmp_path).error == "not an image"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")  # opening it would wait for ever
        assert describe(tmp_path / "pipe.jpg").error == "not an image"


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp"])
def test_half_a_file_keeps_its_header(picture, save, suffix):
    path = save(picture, f"a.{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    facts = describe(path)
    assert facts.error in {"truncated", "damaged"}
    assert (facts.width, facts.height) in {(400, 300), (None, None)}
    assert facts.brightness is None
    if suffix == "jpg":
        assert (facts.error, facts.width) == ("truncated", 400)


@pytest.mark.parametrize("side", [14_000, 60_000])
def test_a_decompression_bomb_is_too_large(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(side, side))
    assert describe(path).error == "too large"


@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" * 9],
)
def test_garbage_for_exif_leaves_the_rest(picture, save, exif):
    facts = describe(save(picture, "a.jpg", exif=exif))
    assert (facts.error, facts.width, facts.make) == (None, 400, None)
    assert facts.brightness is not None


def test_exif_of_wrong_kinds_counts_as_not_given(picture, save):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 77, "M" * 5000
    facts = describe(save(picture, "a.jpg", exif=exif))
    assert facts.orientation is None
    assert facts.make == "M" * 100


def test_a_name_that_is_not_utf_8(picture, save, tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    if sys.platform != "linux":
        pytest.skip("only Linux takes any bytes as a file name")
    save(picture, "a.jpg").rename(tmp_path / name)
    assert derive([name], tmp_path)["width"] == [400]


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tiff", "bmp"])
def test_files_with_broken_bytes_never_raise(picture, save, tmp_path, suffix):
    random = np.random.default_rng(3)
    whole = save(picture.resize((80, 60)), f"a.{suffix}").read_bytes()
    names = []
    for number in range(60):
        content = np.frombuffer(whole, np.uint8).copy()
        first = 200 if number % 2 else len(content)  # half of them hit the header
        hit = random.integers(0, min(first, len(content)), 1 + number % 8)
        content[hit] = random.integers(0, 256, len(hit))
        names.append(f"{number}.{suffix}")
        (tmp_path / names[-1]).write_bytes(content.tobytes())
    found = derive(names, tmp_path)
    assert set(found["error"]) <= {None, *ERRORS}
    assert found["bytes"] == [len(whole)] * len(names)
    told = zip(found["error"], found["width"], strict=True)
    assert all(width is not None for error, width in told if error is None)
