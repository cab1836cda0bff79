"""Handwritten digits, from the file that ships with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.errors import DataError

_SIDE_PX = 32
_LARGEST_VALUE = 16


def digits() -> Iterator[tuple[str, Image.Image]]:
    """The 1,797 pictures of `sklearn.datasets.load_digits`, light on dark, each with its class `0` … `9`.

    They are 8×8 with 17 grey levels, enlarged smoothly to 32×32 so that a person can tell them, too.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998,
    https://doi.org/10.24432/C50P49

    Raises:
        DataError: scikit-learn is not installed as expected.
    """
    table = np.loadtxt(_file(), delimiter=",", dtype=np.int64)
    for row in table:
        pixels = (row[:-1].reshape(8, 8) * 255 // _LARGEST_VALUE).astype(np.uint8)
        yield str(row[-1]), Image.fromarray(pixels).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)


def _file() -> Path:
    # Importing scikit-learn takes about a second and loads SciPy; only this one file of it is needed.
    package = find_spec("sklearn")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            return path
    raise DataError("The handwritten digits come with scikit-learn, which was not found. Install scikit-learn.")
