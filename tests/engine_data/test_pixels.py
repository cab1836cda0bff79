from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.engine.data.pixels import ArrayPixels, aligned_array

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.keras


@pytest.fixture(params=[2**30, 0], ids=["by TensorFlow", "by NumPy"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test with small arrays, and with arrays that count as large."""
    monkeypatch.setattr("trainer.engine.data.pixels._MOST_SHARED_BYTES", request.param)


@pytest.mark.usefixtures("either_way")
def test_an_array_is_shared_and_not_copied() -> None:
    array = aligned_array((3, 2, 2, 1))
    array[:] = 0
    pixels = ArrayPixels(array)
    array[1] = 77
    assert (pixels.read(tf.constant([1], tf.int64)).numpy() == 77).all()


@pytest.mark.usefixtures("either_way")
def test_a_mapped_file_is_shared_and_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 2, 2, 1), np.uint8))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="c")
    pixels = ArrayPixels(mapped)
    mapped[2] = 77
    assert (pixels.read(tf.constant([2, 0], tf.int64)).numpy()[0] == 77).all()


@pytest.mark.usefixtures("either_way")
def test_the_array_lives_as_long_as_its_pixels() -> None:
    pixels = ArrayPixels(_filled(9))
    for filling in range(20):
        _filled(filling)
    assert (pixels.read(tf.range(50, dtype=tf.int64)).numpy() == 9).all()


def _filled(value: int, shape: tuple[int, ...] = (50, 8, 8, 3)) -> np.ndarray:
    array = aligned_array(shape)
    array[:] = value
    return array


def test_memory_that_tensorflow_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        ArrayPixels(aligned_array((200,))[1:129].reshape(2, 8, 8, 1))


def test_training_does_not_hold_the_pictures_twice() -> None:
    # In a process of its own: in one that ran other tests, what they left behind grows and shrinks meanwhile.
    command = [sys.executable, "-m", "tests.engine_data.memory_growth"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    assert int(told.stdout) < 150_000_000  # the pictures take 307 MB
