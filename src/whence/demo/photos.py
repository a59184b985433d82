"""Where the camera case gets its photos: a folder of real ones, or scikit-learn's digits."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whence.errors import BadInput, MissingDependency

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.random import Generator
    from PIL.Image import Image

__all__ = ["Scene", "Source", "from_digits", "from_folder", "split"]

SCENE_SIDE = 112
"""Scenes are kept at most this large, in pixels: twice the side of the largest phone's photos."""

_ORIGINAL_FACTOR = (
    10  # a file ten times as wide as the median one is an outlier to pass on as it is
)
_FEWEST_PHOTOS = 200  # fewer would leave a held-out half too small to see a loss of ten points
_STRETCH = 40  # files that go to one side of the split together; about four people of ten signs
_SUFFIXES = frozenset({".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True)
class Scene:
    """What a phone is pointed at.

    Attributes
    ----------
    image
        RGB and square; None for a file that is uploaded as it is.
    label
        The class.
    person
        Number of the person whose photo it is.
    original
        The file that is uploaded as it is, byte for byte; else None.
    """

    image: Image | None
    label: str
    person: int
    original: Path | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Scenes in the order they were made, and what they are in words."""

    scenes: tuple[Scene, ...]
    classes: tuple[str, ...]
    description: str


def from_digits() -> Source:
    """Return scikit-learn's 1,797 handwritten digits as scenes.

    Neighbours in that list are by one hand, but it does not say whose: a run of rising digits
    is taken as one person.

    Raises
    ------
    MissingDependency
        If scikit-learn or Pillow is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingDependency("scikit-learn", "app") from error
    pillow = _pillow()
    digits = load_digits()
    white = digits.images.max()
    images = [
        pillow.fromarray((points * 255 / white).astype("uint8"))
        .resize((SCENE_SIDE, SCENE_SIDE), pillow.Resampling.BICUBIC)
        .convert("RGB")
        for points in digits.images
    ]
    labels = [str(digit) for digit in digits.target]
    people = _people(labels)
    return Source(
        tuple(Scene(*parts) for parts in zip(images, labels, people, strict=True)),
        tuple(sorted(set(labels))),
        f"{len(labels):,} handwritten digits of scikit-learn, 8 x 8 points each, enlarged: a "
        "larger photo of them has more pixels but shows no more",
    )


def from_folder(folder: Path) -> Source:
    """Return the photos ``folder/<class>/*.jpg`` as scenes, in the order of their file names.

    A run of rising classes is taken as one person, who shows each class once. Files more than
    ten times as wide as the median are kept as they are.

    Raises
    ------
    BadInput
        If there are fewer than two classes or 200 photos.
    MissingDependency
        If Pillow is not installed.
    """
    pillow = _pillow()
    files = sorted(
        (path for path in folder.glob("*/*") if path.suffix.lower() in _SUFFIXES),
        key=lambda path: (path.name, path.parent.name),
    )
    widths: dict[Path, int] = {}
    for path in files:
        try:
            with pillow.open(path, formats=("JPEG",)) as image:
                widths[path] = image.width
        except OSError as error:
            raise BadInput(f"{path} is not a JPEG photo; take it out of {folder}") from error
    labels = [path.parent.name for path in files]
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2 or len(files) < _FEWEST_PHOTOS:  # noqa: PLR2004 - one class is no choice
        raise BadInput(
            f"{folder} has {len(files)} photos in {len(classes)} classes; "
            f"give a folder with at least {_FEWEST_PHOTOS} as <class>/*.jpg, two classes or more"
        )
    largest = _ORIGINAL_FACTOR * statistics.median(widths.values())
    scenes = tuple(
        Scene(None, label, person, path)
        if widths[path] > largest
        else Scene(_scene(path), label, person)
        for path, label, person in zip(files, labels, _people(labels), strict=True)
    )
    return Source(
        scenes,
        classes,
        f"{len(files):,} photos in {folder}, {len(set(_people(labels)))} people by file order",
    )


def split(
    scenes: tuple[Scene, ...], share: float, rng: Generator
) -> tuple[list[Scene], list[Scene]]:
    """Split scenes into training and held out, whole people in stretches of neighbours.

    Stretches of about 40 neighbouring scenes go to one side together, so that a person whom
    `person` cut in two is still on one side, but at a stretch's end. A stretch that holds a
    file to be uploaded as it is is always held out.

    Parameters
    ----------
    scenes
        In the order they were made.
    share
        Of the stretches that go to training, 0 to 1.
    rng
        Draws the stretches.
    """
    stretches: list[list[Scene]] = [[]]
    for scene in scenes:
        current = stretches[-1]
        if len(current) >= _STRETCH and scene.person != current[-1].person:
            stretches.append(current := [])
        current.append(scene)
    free = [s for s in stretches if all(scene.original is None for scene in s)]
    wanted = round(share * len(stretches))
    chosen = {int(i) for i in rng.permutation(len(free))[:wanted]}
    training = [scene for i, stretch in enumerate(free) if i in chosen for scene in stretch]
    people = {scene.person for scene in training}
    return training, [scene for scene in scenes if scene.person not in people]


def _people(labels: list[str]) -> list[int]:
    """Return the number of each label's run of rising labels."""
    person, before = 0, ""
    numbers = []
    for label in labels:
        person += label <= before
        numbers.append(person)
        before = label
    return numbers


def _scene(path: Path) -> Image:
    """Return a photo upright, its central square, at most `SCENE_SIDE` wide."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - optional

    with Image.open(path) as image:
        image.draft("RGB", (SCENE_SIDE, SCENE_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    side = min(upright.size)
    size = min(side, SCENE_SIDE)
    return ImageOps.fit(upright, (size, size), Image.Resampling.BICUBIC)


def _pillow() -> ModuleType:
    try:
        import PIL.Image  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingDependency("pillow", "images") from error
    return PIL.Image
