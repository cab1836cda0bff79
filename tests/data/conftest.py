"""Folders of small real pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MakePicture = Callable[..., Path]


@pytest.fixture
def make_picture(tmp_path: Path) -> MakePicture:
    """Write a picture below the test's folder; its pixels differ with its path."""

    def make(path: str, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(len(path) + sum(map(ord, path)))
        pixels = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).convert(mode).save(file)
        return file

    return make


@pytest.fixture
def cats_and_dogs(make_picture: MakePicture, tmp_path: Path) -> Path:
    """A class folder with three cats and two dogs."""
    for name in ("cats/a.png", "cats/b.JPG", "cats/more/c.bmp", "dogs/a.gif", "dogs/b.jpeg"):
        make_picture(f"pets/{name}")
    return tmp_path / "pets"
