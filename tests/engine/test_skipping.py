"""1 × 1 convolutions that skip pixels: the same result from a convolution that skips none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
PICTURES = np.random.default_rng(2).normal(size=(3, 9, 8, 4)).astype("float32")


def network() -> Any:
    import keras

    keras.utils.set_random_seed(4)
    pixels = keras.Input((9, 8, 4))
    same = keras.layers.Conv2D(6, 1, strides=2, padding="same", activation="relu")(pixels)
    features = keras.layers.Conv2D(6, 3, strides=2, padding="same")(same)
    inner = keras.Model(pixels, [features, keras.layers.Conv2D(2, 1)(features)])
    valid = keras.layers.Conv2D(4, 1, strides=(3, 2), groups=2)(pixels)
    return keras.Model(pixels, [*inner(pixels), valid])


def test_skipping_first_gives_the_same_and_no_gradient_of_a_skipping_1x1_convolution(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    from trainer.engine.models.skipping import skip_pixels_first

    model = network()
    before = [np.asarray(output) for output in model(PICTURES)]
    assert skip_pixels_first(model) == 2
    for old, new in zip(before, model(PICTURES), strict=True):
        np.testing.assert_allclose(old, new, atol=1e-6)

    @tf.function
    def gradients(pictures: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.add_n([tf.reduce_sum(output) for output in model(pictures)])
        return tape.gradient(loss, model.trainable_weights)

    graph = gradients.get_concrete_function(tf.TensorSpec((None, 9, 8, 4))).graph
    found = [op for op in graph.get_operations() if op.type == "Conv2DBackpropFilter"]
    for op in found:
        kernel = op.outputs[0].shape
        assert kernel[0] == 3 or set(op.get_attr("strides")) == {1}
    assert {1, 3} <= {op.outputs[0].shape[0] for op in found}

    model.save(tmp_path / "saved.keras")
    loaded = keras.models.load_model(tmp_path / "saved.keras")
    for old, new in zip(before, loaded(PICTURES), strict=True):
        np.testing.assert_allclose(old, new, atol=1e-6)
