from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.engine.data.batches import BatchPlan, index_dataset

pytestmark = pytest.mark.keras


def kept(batches: list[list[int]]) -> list[list[int]]:
    return [[index for index in batch if index >= 0] for batch in batches]


@given(st.integers(1, 90), st.integers(1, 40), st.integers(0, 5), st.booleans())
def test_batches_of_an_epoch_hold_every_sample_once(
    num_samples: int, batch_size: int, epoch: int, shuffle: bool
) -> None:
    plan = BatchPlan(num_samples, batch_size, 0, 0, shuffle, 7, repeat=True)
    batches = kept(plan.epoch_batches(epoch).tolist())
    assert sorted(index for batch in batches for index in batch) == list(range(num_samples))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (plan.num_batches - 1)
    assert 1 <= len(batches[-1]) <= batch_size


@given(st.integers(1, 90), st.integers(1, 40), st.integers(0, 5), st.integers(0, 30))
def test_starting_later_gives_the_rest_of_what_starting_earlier_gives(
    num_samples: int, batch_size: int, epoch: int, step: int
) -> None:
    whole = BatchPlan(num_samples, batch_size, 0, 0, True, 7, repeat=True)
    later = BatchPlan(num_samples, batch_size, epoch, step, True, 7, repeat=True)
    assert later.epoch_batches(epoch).tolist() == whole.epoch_batches(epoch).tolist()[step:]
    assert later.epoch_batches(epoch + 1).tolist() == whole.epoch_batches(epoch + 1).tolist()
    assert later.num_batches_left == len(later.epoch_batches(epoch))


def test_without_shuffling_the_order_is_that_of_the_files() -> None:
    plan = BatchPlan(5, 2, 3, 0, False, 7, repeat=False)
    assert plan.epoch_batches(3).tolist() == [[0, 1], [2, 3], [4, -5]]


def test_the_dataset_runs_on_over_epochs_or_ends_with_one() -> None:
    forever = BatchPlan(5, 2, 4, 1, True, 7, repeat=True)
    expected = [row.tolist() for epoch in (4, 5, 6) for row in forever.epoch_batches(epoch)]
    given_batches = [batch.tolist() for (batch,) in index_dataset(forever, None).take(8).as_numpy_iterator()]
    assert given_batches == expected
    once = BatchPlan(5, 2, 4, 1, True, 7, repeat=False)
    assert [batch.tolist() for (batch,) in index_dataset(once, None).as_numpy_iterator()] == expected[:2]


def test_the_dataset_gives_samples_one_by_one_when_they_are_read_so() -> None:
    plan = BatchPlan(5, 2, 4, 1, True, 7, repeat=False)
    single = [int(index) for (index,) in index_dataset(plan, None, batched=False).as_numpy_iterator()]
    assert single == plan.epoch_batches(4).reshape(-1).tolist()
