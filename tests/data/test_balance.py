from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from trainer.config.sections import BalanceSection
from trainer.data.balance import balance_summary, balanced_rows, class_counts, class_weights
from trainer.errors import ConfigError

NAMES = ("cat", "dog", "red panda")
LABELS = np.repeat(np.array([0, 1, 2], np.int32), (70, 25, 5))


def section(method: str = "class_weights", **settings: object) -> BalanceSection:
    return BalanceSection.model_validate({"method": method, **settings})


def test_inverse_frequency_weights_are_those_of_scikit_learn() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    weights = class_weights(LABELS, 3, section(), NAMES)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


@pytest.mark.parametrize("weighting", ["inverse_frequency", "effective_number"])
def test_weights_average_to_one_over_the_samples(weighting: str) -> None:
    weights = class_weights(LABELS, 3, section(weighting=weighting, effective_number_beta=0.9), NAMES)
    assert weights[LABELS].mean() == pytest.approx(1, rel=1e-6)
    assert weights[0] < weights[1] < weights[2]


def test_effective_numbers_follow_their_formula() -> None:
    beta = 0.99
    weights = class_weights(LABELS, 3, section(weighting="effective_number", effective_number_beta=beta), NAMES)
    expected = np.array([(1 - beta) / (1 - beta**count) for count in (70, 25, 5)])
    np.testing.assert_allclose(weights / weights[0], expected / expected[0], rtol=1e-5)


def test_effective_numbers_with_beta_0_weigh_all_the_same() -> None:
    weights = class_weights(LABELS, 3, section(weighting="effective_number", effective_number_beta=0), NAMES)
    np.testing.assert_allclose(weights, 1)


def test_a_class_without_samples_keeps_the_weight_1() -> None:
    weights = class_weights(LABELS, 4, section(), (*NAMES, "owl"))
    assert weights[3] == 1
    np.testing.assert_allclose(weights[:3], class_weights(LABELS, 3, section(), NAMES))


def test_several_classes_per_sample_are_counted_one_by_one() -> None:
    labels = np.array([[1, 0, 1], [1, 0, 0], [1, 1, 0]], np.uint8)
    np.testing.assert_array_equal(class_counts(labels, 3), [3, 1, 1])
    weights = class_weights(labels, 3, section(), NAMES)
    assert weights[1] == weights[2] == pytest.approx(3 * weights[0])


def test_given_weights_are_read() -> None:
    weights = class_weights(LABELS, 3, section(weighting="given", class_weights="red panda = 4.5, dog=0,"), NAMES)
    assert weights.tolist() == [1, 0, 4.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dgo=2", "There is no class 'dgo'. Did you mean 'dog'? The classes are cat, dog, red panda."),
        ("dog", "'dog' is no weight of a class. Expected name=weight, such as cat=2."),
        (" ,", "The weights are to be given here, but there is none. Expected name=weight, such as cat=2."),
        ("dog=much", "The weight of dog is 'much'. Expected a number, such as dog=2."),
        ("dog=-1", "The weight of dog is -1. Expected a number of at least 0."),
        ("dog=nan", "The weight of dog is nan. Expected a number of at least 0."),
        ("dog=1, dog=2", "The class dog has two weights. Give one."),
        ("cat=0, dog=0, red panda=0", "All weights are 0, so nothing would be learned."),
    ],
)
def test_given_weights_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        class_weights(LABELS, 3, section(weighting="given", class_weights=text), NAMES)
    (problem,) = refused.value.problems
    assert problem.key == "data.balance.class_weights"
    assert problem.message.startswith(message)


@pytest.mark.parametrize("method", ["oversample", "variations"])
@pytest.mark.parametrize(("ratio", "counts"), [(1.0, [70, 70, 70]), (0.5, [70, 35, 35]), (0.3, [70, 25, 21])])
def test_rare_classes_are_repeated_up_to_the_ratio(method: str, ratio: float, counts: list[int]) -> None:
    rows, are_copies = balanced_rows(LABELS, section(method, target_ratio=ratio), seed=1)
    assert np.bincount(LABELS[rows]).tolist() == counts
    assert rows[~are_copies].tolist() == list(range(100))
    times = np.bincount(rows)
    for number in range(3):
        of_class = times[LABELS.astype(int) == number]
        assert of_class.max() - of_class.min() <= 1


@pytest.mark.parametrize(("ratio", "counts"), [(1.0, [5, 5, 5]), (0.5, [10, 10, 5]), (0.1, [50, 25, 5])])
def test_frequent_classes_are_cut_down_to_the_ratio(ratio: float, counts: list[int]) -> None:
    rows, are_copies = balanced_rows(LABELS, section("undersample", target_ratio=ratio), seed=1)
    assert np.bincount(LABELS[rows]).tolist() == counts
    assert not are_copies.any()
    assert (np.diff(rows) > 0).all()


def test_what_is_repeated_follows_from_the_seed() -> None:
    chosen = [balanced_rows(LABELS, section("undersample"), seed)[0].tolist() for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_a_class_without_samples_is_not_repeated() -> None:
    rows, _ = balanced_rows(np.array([0, 0, 0, 2]), section("oversample"), seed=0)
    assert np.bincount(np.array([0, 0, 0, 2])[rows]).tolist() == [3, 0, 3]
    rows, _ = balanced_rows(np.array([0, 0, 0, 2]), section("undersample"), seed=0)
    assert len(rows) == 2


def test_samples_with_several_classes_are_not_repeated() -> None:
    with pytest.raises(ConfigError, match="several classes each"):
        balanced_rows(np.eye(3, dtype=np.uint8), section("oversample"), seed=0)


def test_the_summary_tells_counts_before_and_after_and_weights() -> None:
    told = balance_summary(LABELS, NAMES, section("oversample", target_ratio=0.5), seed=0)
    assert [(item.name, item.before, item.after) for item in told] == [
        ("cat", 70, 70),
        ("dog", 25, 35),
        ("red panda", 5, 35),
    ]
    weighed = balance_summary(LABELS, NAMES, section(), seed=0)
    assert [item.after for item in weighed] == [70, 25, 5]
    assert weighed[2].weight == pytest.approx(100 / 15)
