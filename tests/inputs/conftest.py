"""Pictures made here, so that what they must measure is known."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture():
    """A detailed colour picture of 400 x 300 pixels."""
    random = np.random.default_rng(5)
    coarse = random.integers(0, 256, (30, 40, 3), np.uint8)
    return Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC)


@pytest.fixture
def save(tmp_path):
    """Write a picture and return its path."""

    def write(image, name, **options):
        path = tmp_path / name
        image.save(path, **options)
        return path

    return write
