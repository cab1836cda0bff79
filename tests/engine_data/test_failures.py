from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from trainer.engine.data.failures import explain_decode_failure
from trainer.engine.data.prepare import PreparedData

pytestmark = pytest.mark.keras
Prepare = Callable[..., PreparedData]


def failure(prepared: PreparedData) -> Exception:
    dataset = prepared.train.dataset(batch_size=4, shuffle=True, seed=0, augmentation=None, one_hot=False, repeat=False)
    with pytest.raises(tf.errors.OpError) as caught:
        list(dataset)
    return caught.value


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "gif"])
@pytest.mark.parametrize("harm", ["cut", "removed", "text"])
def test_a_file_that_breaks_while_training_is_named(prepare: Prepare, pets: Path, harm: str, kind: str) -> None:
    prepared = prepare(cache="off", validation_fraction=0)
    file = next(pets.glob(f"dogs/*.{kind}"))
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:120] if harm == "cut" else b"some text")
    explained = explain_decode_failure(failure(prepared), prepared)
    assert explained is not None
    assert str(file) in str(explained)
    assert "Restore them" in str(explained)


def test_other_errors_are_not_explained(prepare: Prepare) -> None:
    prepared = prepare(cache="off")
    assert explain_decode_failure(ValueError("other"), prepared) is None
    assert explain_decode_failure(tf.errors.InvalidArgumentError(None, None, "shapes differ"), prepared) is None


def test_kept_pictures_are_not_to_blame(prepare: Prepare, pets: Path) -> None:
    prepared = prepare(cache="memory")
    next(pets.glob("dogs/*.png")).unlink()
    assert explain_decode_failure(tf.errors.InvalidArgumentError(None, None, "shapes differ"), prepared) is None
