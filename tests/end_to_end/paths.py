"""Small data and configurations for tests that run the whole program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

_COLORS = {"blue": (40, 60, 200), "green": (40, 180, 60), "red": (200, 50, 40)}


def write_pictures(folder: Path, *, per_class: int = 20, side: int = 12) -> Path:
    """Class folders of noisy, plainly coloured PNGs: learnable in a few steps."""
    random = np.random.default_rng(0)
    for name, color in _COLORS.items():
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            noise = random.integers(-30, 30, (side, side, 3))
            pixels = np.clip(np.array(color) + noise, 0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def write_config(folder: Path, *, epochs: int) -> Path:
    """A configuration that trains a tiny network on `write_pictures`, a fraction of a second per epoch."""
    write_pictures(folder / "pictures", per_class=120)
    path = folder / "tiny.yaml"
    path.write_text(
        "data: {train_dir: pictures, image_size: [12, 12], batch_size: 8}\n"
        "model:\n  architecture: {name: SmallCNN, arguments: {filters: 8, num_blocks: 2}}\n"
        f"training: {{epochs: {epochs}}}\n",
        encoding="utf-8",
    )
    return path
