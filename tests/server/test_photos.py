"""Photos are shown where they were logged, below the folders that the server was told of."""

import datetime as dt

import numpy as np
import pytest
from PIL import Image

import whence

START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def shown(tmp_path_factory, asking):
    """Return a server over a model of photos; its folder of photos, and one beside it."""
    folder = tmp_path_factory.mktemp("photos")
    photos, beside = folder / "photos", folder / "beside"
    random = np.random.default_rng(0)
    for place in (photos, beside):
        place.mkdir()
        for i in range(3):
            Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(place / f"{i}.png")
    (photos / "secret.txt").write_text("secret")
    (photos / "page.svg").write_text("<svg/>")
    (photos / "out.png").symlink_to(beside / "0.png")
    model = whence.model("faces", store=folder / "store")
    paths = [photos / "0.png", beside / "1.png", photos / "gone.png"]
    model.log(
        [
            {"id": str(i), "ts": START + dt.timedelta(minutes=i), "photo": str(path), "p": 1}
            for i, path in enumerate(paths)
        ],
        id="id", time="ts", prediction="p", images="photo",
    )  # fmt: skip
    model.watch()
    with asking(folder / "store", "--every", "0", "--photos", str(photos)) as client:
        yield client, photos, beside


def test_a_photo_below_the_folder_is_shown(shown):
    client, photos, _ = shown
    for path in (str(photos / "0.png"), "0.png"):
        answer = client.get("/api/v1/photo", params={"path": path})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert answer.content == (photos / "0.png").read_bytes()


def test_the_rows_name_only_photos_that_may_be_shown(shown):
    client, photos, _ = shown
    page = client.get("/api/v1/models/faces/rows", params={"start": "2023-09-01"}).json()
    assert page["photos"] == [str(photos / "0.png"), None, None]


@pytest.mark.parametrize(
    "path",
    ["{beside}/0.png", "../beside/0.png", "{photos}/../beside/0.png", "out.png", "secret.txt",
     "page.svg", "gone.png", "", ".", "0.png\0.txt", "/etc/passwd", "a" * 5000 + ".png"],
)  # fmt: skip
def test_no_other_file_is(shown, path):
    client, photos, beside = shown
    wanted = path.format(photos=photos, beside=beside)
    answer = client.get("/api/v1/photo", params={"path": wanted})
    assert answer.status_code in {400, 404}, answer.text
