"""D-FINE: which query gets which object, what its losses say, and that the whole survives padding, files and XLA."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.engine.test_detectors import SIDE, squares
from trainer.engine.models.detection.matching import match, most_matched
from trainer.engine.models.detection.set_losses import _bin_shares, bin_values, corners_of
from trainer.errors import ConfigError, DataError


def test_objects_are_matched_at_the_least_sum_of_costs() -> None:
    costs = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)
    is_object = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], np.float32)
    matched = np.asarray(match(costs, is_object))
    assert not matched[1].any() and not matched[0, :, :, 1].any()
    for number in range(3):
        cost = costs[0, number][:, [0, 2, 3]]
        least = min(cost[list(chosen), range(3)].sum() for chosen in permutations(range(5), 3))
        assert (matched[0, number] * costs[0, number]).sum() == pytest.approx(least, rel=1e-5)
        assert matched[0, number].sum(axis=0).tolist() == [1, 0, 1, 1] and matched[0, number].sum(axis=1).max() == 1
    scarce = np.asarray(match(np.array([[[[3.0, 1.0, 2.0]]]], np.float32), np.ones((1, 3), np.float32)))
    assert scarce.ravel().tolist() == [0, 1, 0]
    assert np.asarray(match(np.full((1, 1, 2, 1), np.nan, np.float32), np.ones((1, 1), np.float32))).sum() == 1


def test_the_boxes_of_all_layers_share_the_object_that_most_layers_chose() -> None:
    matched = np.zeros((1, 3, 3, 2), np.float32)
    matched[0, 0, 0, 0] = matched[0, 1, 0, 1] = matched[0, 2, 0, 1] = matched[0, 2, 1, 0] = 1
    assert np.asarray(most_matched(matched))[0].tolist() == [[0, 1], [1, 0], [0, 0]]


def test_the_shares_of_the_bins_stand_for_the_true_edges() -> None:
    scale, random = np.float32(4), np.random.default_rng(1)
    references = random.uniform(0.3, 0.6, (1, 6, 4)).astype(np.float32)
    wanted = (references * random.uniform(0.8, 1.2, (1, 6, 4))).astype(np.float32)
    shares = np.asarray(_bin_shares(wanted, references, 33, scale))
    values = np.asarray(bin_values(33, scale))
    assert np.allclose(shares.sum(axis=-1), 1) and (np.count_nonzero(shares, axis=-1) <= 2).all()
    assert (np.diff(values) > 0).all() and values[16] == 0 and values[-1] == pytest.approx(scale)
    away = (shares @ values + scale / 2) * references[..., [2, 3, 2, 3]] / scale
    edges = references[..., [0, 1, 0, 1]] + away * np.array([-1, -1, 1, 1])
    np.testing.assert_allclose(edges, corners_of(wanted), atol=1e-5)


def test_edges_out_of_reach_get_the_outermost_bin() -> None:
    references = np.array([[[0.5, 0.5, 0.1, 0.1]]], np.float32)
    shares = np.asarray(_bin_shares(np.array([[[0.5, 0.5, 1.0, 0.001]]], np.float32), references, 33, np.float32(4)))
    assert shares[0, 0, 0, -1] == shares[0, 0, 2, -1] == 1


def low_squares(num_pictures: int) -> tuple[Any, dict[str, Any]]:
    """The squares in pictures whose height is no multiple of 32."""
    pictures, truth = squares(num_pictures)
    return pictures[:, : SIDE - 4], {**truth, "boxes": np.minimum(truth["boxes"], [SIDE, SIDE - 4, SIDE, SIDE - 4])}


@pytest.mark.slow
def test_d_fine_knows_objects_by_their_labels_and_survives_a_file(tmp_path: Path) -> None:
    from trainer.engine.models.zoo.dfine import DFine

    keras.utils.set_random_seed(1)
    scale = keras.layers.Rescaling(1 / 255)
    model = DFine((SIDE - 4, SIDE, 3), 2, scale, size="tiny", num_queries=20, num_noisy_queries=8)
    pictures, truth = low_squares(4)
    outputs = model(pictures)

    def loss(labels: dict[str, Any], *, training: bool = False, weights: Any = None) -> float:
        value = model.compute_loss(x=pictures, y=labels, y_pred=outputs, sample_weight=weights, training=training)
        return float(value)

    plain = loss(truth)
    padding = {"boxes": ((0, 0), (0, 5), (0, 0)), "labels": ((0, 0), (0, 5))}
    longer = {name: np.pad(value, padding[name], constant_values=-1) for name, value in truth.items()}
    turned = {name: value[:, ::-1] for name, value in longer.items()}
    assert loss(longer) == pytest.approx(plain, rel=1e-5) and loss(turned) == pytest.approx(plain, rel=1e-5)
    empty = {name: np.full_like(value, -1) for name, value in truth.items()}
    assert 0 <= loss(empty) < 5 and loss(empty, training=True) == pytest.approx(loss(empty), rel=1e-4)
    assert loss(truth, training=True) > plain
    assert loss(truth, weights=np.zeros(4)) == 0

    with pytest.raises(ConfigError, match="Set xla to auto or off"):
        model.compile("adam", jit_compile=True)
    network = model.get_layer("d_fine")
    with tf.GradientTape() as tape:
        both = model.compute_loss(x=pictures, y=truth, y_pred=outputs, training=True)
    refining = [*network.decoder.trainable_variables, *network.denoising.trainable_variables]
    assert all(gradient is not None for gradient in tape.gradient(both, refining))
    right = {name: np.array(value) for name, value in outputs.items()}
    corners = truth["boxes"][:, :1] / np.array([SIDE] * 4)
    right["layer_boxes"][:, :, :1] = np.concatenate(
        [(corners[..., :2] + corners[..., 2:]) / 2, corners[..., 2:] - corners[..., :2]], axis=-1
    )[:, None]
    right["layer_scores"][:, :, 0] = 12 * np.eye(2)[truth["labels"][:, None, 0]] - 6
    assert float(model.compute_loss(y=truth, y_pred=right, training=False)) < 0.8 * plain

    model.bare().save(tmp_path / "d_fine.keras")
    loaded = keras.models.load_model(tmp_path / "d_fine.keras")
    mine, theirs = (one.decode(one(pictures), confidence_threshold=0.0) for one in (model, loaded))
    np.testing.assert_allclose(mine.boxes, theirs.boxes, atol=1e-3)
    assert np.asarray(mine.boxes)[..., 3].max() <= SIDE - 4
    with pytest.raises(DataError, match=r"'unheard_of' could not be loaded.*leave 'preset' empty"):
        DFine((SIDE, SIDE, 3), 2, scale, preset="unheard_of")
