"""Folders of small real pictures, and what preparing them needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trainer.config.config import Config
from trainer.engine.data.prepare import PreparedData, prepare_data


@dataclass
class Heard:
    """A reporter that remembers."""

    lines: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    progressed: list[tuple[int, int, str]] = field(default_factory=list)

    def log(self, tag: str, message: str) -> None:
        self.lines.append(f"[{tag}] {message}")

    def notice(self, level: str, message: str) -> None:
        self.notices.append(f"{level}: {message}")

    def progress(self, done: int, total: int, unit: str = "") -> None:
        self.progressed.append((done, total, unit))


@pytest.fixture
def heard() -> Heard:
    """A reporter that remembers what it was told."""
    return Heard()


@pytest.fixture
def random_pixels() -> Callable[..., np.ndarray]:
    """Smooth random pictures, that JPEG keeps well."""

    def make(height: int, width: int, seed: int = 0) -> np.ndarray:
        coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))

    return make


@pytest.fixture
def pets(tmp_path: Path, random_pixels: Callable[..., np.ndarray]) -> Path:
    """Class folders with 14 cats, 9 dogs and 4 owls of 12×10, as PNG, JPEG, BMP, GIF."""
    kinds = ("png", "jpg", "bmp", "gif")
    seed = 0
    for name, count in (("cats", 14), ("dogs", 9), ("owls", 4)):
        folder = tmp_path / "pets" / name
        folder.mkdir(parents=True)
        for number in range(count):
            seed += 1
            picture = Image.fromarray(random_pixels(10, 12, seed))
            picture.save(folder / f"{number:02}.{kinds[number % 4]}")
    return tmp_path / "pets"


@pytest.fixture
def prepare(pets: Path, tmp_path: Path, heard: Heard) -> Iterator[Callable[..., PreparedData]]:
    """Prepare the pets, with settings of the data section as keyword arguments."""

    def make(**data: Any) -> PreparedData:
        values = {"train_dir": str(pets), "image_size": (8, 8), "cache": "memory", **data}
        config = Config.model_validate({"data": values})
        return prepare_data(config, tmp_path, heard, cache_folder=tmp_path / "cache")

    yield make
