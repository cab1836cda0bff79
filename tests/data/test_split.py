from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.split import stratified_split

labels = st.lists(st.integers(0, 6), max_size=120).map(lambda values: np.array(values, dtype=np.int32))
fractions = st.floats(0, 0.99)


@given(labels, fractions, st.integers(0, 2**31 - 1))
def test_every_sample_is_on_one_side_and_every_class_is_trained(values: np.ndarray, fraction: float, seed: int) -> None:
    train, validation = stratified_split(values, fraction, seed)
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(len(values)))
    assert set(values[train].tolist()) == set(values.tolist())
    assert train.tolist() == sorted(train.tolist())
    again = stratified_split(values, fraction, seed)
    assert train.tolist() == again[0].tolist()


@given(labels, fractions)
def test_the_share_is_met_as_far_as_every_class_keeps_one(values: np.ndarray, fraction: float) -> None:
    _, validation = stratified_split(values, fraction, 1)
    counts = np.bincount(values)
    spare = int(np.maximum(counts - 1, 0).sum())
    wanted = round(len(values) * fraction)
    assert len(validation) == min(max(wanted, 1 if fraction > 0 else 0), spare)


@given(labels, fractions)
def test_every_class_gives_its_share_to_within_one(values: np.ndarray, fraction: float) -> None:
    counts = np.bincount(values, minlength=7)
    if counts.max() < 2 or (counts * (1 - fraction) < 1).any():
        return
    _, validation = stratified_split(values, fraction, 1)
    held_out = np.bincount(values[validation], minlength=7)
    assert (abs(held_out - counts * fraction) <= 1 + 1e-9).all()


def test_single_samples_stay_in_training() -> None:
    train, validation = stratified_split(np.arange(5, dtype=np.int32), 0.5, 0)
    assert train.tolist() == [0, 1, 2, 3, 4]
    assert not len(validation)


def test_a_share_of_zero_holds_nothing_out() -> None:
    assert not len(stratified_split(np.zeros(100, np.int32), 0, 0)[1])


def test_another_seed_holds_out_others() -> None:
    values = np.repeat(np.arange(3, dtype=np.int32), 50)
    assert stratified_split(values, 0.2, 1)[1].tolist() != stratified_split(values, 0.2, 2)[1].tolist()
