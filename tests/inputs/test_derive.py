"""Many files at once, as a fold asks for them."""

import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from whence.errors import MissingDependency
from whence.inputs import images

HANDS = Path(__file__).parents[2] / "../shared/data/sign-digits"


def test_columns_keep_the_order_of_the_paths(picture, save, tmp_path):
    for width in (10, 20, 30):
        save(picture.resize((width, 5)), f"{width}.png")
    found = images.derive(["30.png", None, "10.png", "no.png", "30.png", "20.png"], tmp_path)
    assert found["width"] == [30, None, 10, None, 30, 20]
    assert found["error"] == [None, None, None, "missing", None, None]


def test_every_column_is_what_describe_says(picture, save):
    paths = [str(save(picture.resize((20 + i, 30)), f"{i}.jpg")) for i in range(12)]
    found = images.derive(paths)
    for i, path in enumerate(paths):
        assert {name: values[i] for name, values in found.items()} == asdict(images.describe(path))


def test_a_root_is_where_relative_paths_start(picture, save, tmp_path):
    path = save(picture, "a.png")
    assert images.derive(["a.png", str(path)], tmp_path)["width"] == [400, 400]


def test_no_paths_give_empty_columns():
    found = images.derive([])
    assert found["width"] == []
    assert set(found) == set(asdict(images.ImageFacts()))


def test_without_pillow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingDependency, match=r"pillow.*whence\[images\]"):
        images.derive(["a.png"])


@pytest.mark.skipif(not HANDS.is_dir(), reason="the photos of hands are not on this machine")
def test_real_photos_and_their_outliers():
    paths = sorted(str(path.relative_to(HANDS)) for path in HANDS.glob("[37]/*.JPG"))
    found = images.derive(paths, HANDS)
    assert set(found["error"]) == {None}
    assert set(found["make"]) == {"Canon", "Apple"}
    assert set(found["model"]) == {"Canon EOS 550D", "iPhone 7"}
    large = [i for i, width in enumerate(found["width"]) if width != 100]
    assert len(large) == 3
    ordinary = max(size for i, size in enumerate(found["bytes"]) if i not in large)
    for i in large:
        assert (found["width"][i], found["height"][i]) == (3024, 3024)
        assert found["bytes"][i] > 50 * ordinary
        assert found["taken"][i].startswith("2017:12:15")
        assert 0 < found["sharpness"][i] < 10_000
