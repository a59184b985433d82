"""Broken photos from the call to the verdict: each is told by its reason, and none stops a fold."""

import datetime as dt
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

import whence

START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *chunks):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def bombs():
    """Files of at most a few kilobytes that say, or hold, far more."""
    zeros = zlib.compress(b"\0" * 50_000_000, 9)
    yield "side.png", png(60_000, 60_000), "too large"
    yield "longest.png", png(2**31 - 1, 1), "too large"
    yield "text.png", png(5, 5, chunk(b"zTXt", b"a\0\0" + zeros), chunk(b"IDAT", b"")), None
    yield "profile.png", png(5, 5, chunk(b"iCCP", b"a\0\0" + zeros), chunk(b"IDAT", b"")), None
    yield "canvas.gif", b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b";", None
    yield "nothing.png", png(0, 0), None
    bmp = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    bmp += struct.pack("<IiiHHIIiiII", 40, 2**31 - 1, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0)
    yield "negative.bmp", bmp, None
    tiff = b"II*\0" + struct.pack("<IH", 8, 2)
    tiff += struct.pack("<HHII", 256, 4, 1, 2**31) + struct.pack("<HHII", 257, 4, 1, 2**31)
    yield "side.tiff", tiff + struct.pack("<I", 0), None


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Write photos of every sort into a folder that the fold stands in; return their names."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(7)
    for number in range(8):
        pixels = random.integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.jpg")
    whole = (tmp_path / "0.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "words.jpg").write_text("no image at all")
    (tmp_path / "folder.jpg").mkdir()
    for name, content, _ in bombs():
        (tmp_path / name).write_bytes(content)
    return [f"{number}.jpg" for number in range(8)]


def test_photos_that_break_on_a_day_are_the_answer_and_nothing_is_decoded_beyond_bounds(
    photos, tmp_path
):
    random = np.random.default_rng(8)
    broken = ["half.jpg", "empty.jpg", "words.jpg", "folder.jpg", "no.jpg", "\0.jpg", "x" * 5000]
    broken += [name for name, *_ in bombs()]
    rows = []
    for day in range(40):
        for i in range(40):
            bad = day >= 30 and random.random() < 0.5
            wrong = random.random() < (0.6 if bad else 0.1)
            photo = random.choice(broken if bad else photos)
            when = START + dt.timedelta(days=day, minutes=i)
            rows.append({"ts": when, "photo": str(photo), "pred": 1, "y": int(not wrong)})
    model = whence.model("m", store=tmp_path / "store")
    model.log(rows, time="ts", prediction="pred", label="y", images="photo")
    model.reference(START, START + dt.timedelta(days=28))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watched = model.watch()
        verdict = model.why()
    assert sum(one.rows for one in watched.windows) == len(rows)
    assert "photo" in str(verdict.findings[0].slice) + verdict.verdict.sentence


@pytest.mark.parametrize(("name", "content", "said"), [*bombs()], ids=lambda one: str(one)[:12])
def test_a_bomb_is_described_without_being_lit(tmp_path, name, content, said):
    from whence.inputs.images import ERRORS, describe  # noqa: PLC0415 - the room under test

    assert len(content) < 100_000
    (tmp_path / name).write_bytes(content)
    facts = describe(tmp_path / name)
    assert facts.error in ([said] if said else ERRORS)
    assert facts.brightness is None
