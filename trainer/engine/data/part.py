"""What training needs to know of one part of the data, wherever its batches come from."""

from __future__ import annotations

from typing import Any, Protocol

from trainer.config.sections import AugmentationSection

Shape = tuple[int | None, ...]
InputShape = Shape | dict[str, Shape]
"""Shape of one sample's input without the batch; by name where there are several inputs."""
ClassCount = int | dict[str, int]
"""Classes, or for labels of another kind their length; by name where there are several outputs."""


class DataPart(Protocol):
    """Training, validation or test data."""

    @property
    def num_samples(self) -> int | None:
        """Number of samples; `None` where finding out would mean reading them all."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes by label; empty where labels are not classes."""

    @property
    def first_batch_size(self) -> int:
        """Samples in the first batch, where batches come ready; otherwise 0."""

    def num_batches(self, batch_size: int) -> int:
        """Batches per epoch, counting a smaller last one."""

    def describe(self, part: str) -> str:
        """How much there is, such as `2,400 training pictures`; `part` is `training` or the like."""

    def dataset(
        self,
        *,
        batch_size: int,
        epoch: int = 0,
        step: int = 0,
        shuffle: bool,
        seed: int,
        augmentation: AugmentationSection | None,
        one_hot: bool,
        repeat: bool,
        max_batches: int = 0,
    ) -> Any:
        """Batches (inputs, labels), or (inputs, labels, weights), as a `tf.data.Dataset`.

        Args:
            batch_size: Samples per batch, where that is still open.
            epoch: Epoch to start in, from 0.
            step: Batch of that epoch to start with, from 0.
            shuffle: A new order in every epoch, where the order is still open.
            seed: Start of all randomness.
            augmentation: Random changes; `None` for none.
            one_hot: Class labels as one-hot rows instead of class numbers.
            repeat: Go on with the next epoch for ever; otherwise end with this epoch.
            max_batches: Only so many batches of every epoch; 0 for all.
        """


def estimated_samples(part: DataPart | None) -> int:
    """Number of samples; where nobody counted, batches times the size of the first. 0 without a part."""
    if part is None:
        return 0
    if part.num_samples is not None:
        return part.num_samples
    return part.num_batches(1) * part.first_batch_size
