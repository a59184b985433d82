"""Where photos come from, who is held out, and what a phone makes of a scene."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from whence.demo.phone import NEW, OLD, shoot
from whence.demo.photos import from_digits, from_folder, split
from whence.demo.serving import LARGEST_SIDE, read, resized
from whence.errors import BadInput
from whence.inputs.images import describe

WHEN = datetime(2023, 8, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    """240 photos by 60 people who each show four signs; one photo is an original."""
    for number in range(240):
        side = 2000 if number == 217 else 40
        path = tmp_path / "abcd"[number % 4] / f"IMG_{number:04d}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (side, side + 10), (number, 90, 90)).save(path)
    return tmp_path


def test_people_are_runs_of_file_names(folder):
    source = from_folder(folder)
    assert source.classes == ("a", "b", "c", "d")
    assert [scene.person for scene in source.scenes] == [number // 4 for number in range(240)]
    assert [scene.original is not None for scene in source.scenes].index(True) == 217
    assert {scene.image.size for scene in source.scenes if scene.image} == {(40, 40)}


@pytest.mark.parametrize("seed", range(4))
def test_whole_people_are_held_out_and_originals_too(folder, seed):
    scenes = from_folder(folder).scenes
    taught, held_out = split(scenes, 0.45, np.random.default_rng(seed))
    assert not {one.person for one in taught} & {one.person for one in held_out}
    assert len(taught) + len(held_out) == len(scenes)
    assert 0.3 < len(taught) / len(scenes) < 0.6
    assert all(one.original is None for one in taught)


def test_too_few_photos_are_refused(tmp_path):
    with pytest.raises(BadInput, match="0 photos in 0 classes"):
        from_folder(tmp_path)


def test_what_is_no_photo_is_named(folder):
    (folder / "a" / "IMG_9999.jpg").write_text("no photo")
    with pytest.raises(BadInput, match=r"IMG_9999\.jpg is not a JPEG photo"):
        from_folder(folder)


def test_digits_are_all_there():
    source = from_digits()
    assert len(source.scenes) == 1797
    assert Counter(scene.label for scene in source.scenes)["3"] == 183


@pytest.mark.parametrize("phone", [*OLD, NEW])
def test_a_phone_writes_its_name_and_size(tmp_path, phone):
    scene = Image.effect_noise((100, 100), 80).convert("RGB")
    path = tmp_path / "photo.jpg"
    path.write_bytes(shoot(scene, phone, WHEN, 1.0, np.random.default_rng(0)))
    facts = describe(path)
    assert (facts.make, facts.model, facts.software) == (phone.make, phone.model, phone.software)
    assert (facts.width, facts.height) == (phone.side, phone.side)
    assert (facts.taken, facts.orientation) == ("2023:08:01 12:30:00", 1)


def test_light_scales_brightness():
    scene = Image.new("RGB", (100, 100), (120, 120, 120))
    dim, bright = (
        read(shoot(scene, OLD[0], WHEN, light, np.random.default_rng(0))).mean()
        for light in (0.5, 1.0)
    )
    assert dim == pytest.approx(bright / 2, abs=2)


def test_the_service_reads_photos_at_their_own_size_up_to_a_limit(tmp_path):
    path = tmp_path / "large.jpg"
    Image.new("L", (3000, 1000)).save(path)
    assert max(read(path.read_bytes()).shape) <= LARGEST_SIDE
    scene = Image.new("RGB", (100, 100))
    assert read(shoot(scene, NEW, WHEN, 1.0, np.random.default_rng(0))).shape == (56, 56)


def test_the_repair_reaches_the_size_of_training_and_leaves_smaller_ones():
    photo = np.random.default_rng(0).integers(0, 256, (56, 28), np.uint8)
    assert resized(photo, 28).shape == (28, 14)
    assert resized(photo, 60) is photo
