from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from tests.engine_data.shapes import rectangles
from trainer.config.sections import AugmentationSection
from trainer.engine.data import augmentation_cost
from trainer.engine.data.augmentation_cost import augmentation_cost_ms

pytestmark = pytest.mark.keras


def test_the_cost_is_the_difference_that_augmentation_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0

    class Clock:
        @staticmethod
        def perf_counter() -> float:
            return now_s

    def batches(_: Any, augmentation: AugmentationSection | None, __: int) -> Any:
        nonlocal now_s
        while True:
            now_s += 0.8 if augmentation is not None else 0.2
            yield ()

    monkeypatch.setattr(augmentation_cost, "time", Clock)
    monkeypatch.setattr(augmentation_cost, "_batches", batches)
    cost_ms = augmentation_cost_ms(rectangles(6).split("masks"), AugmentationSection(strength="medium"))
    assert cost_ms == pytest.approx(100)  # 0.6 s for 6 pictures


def test_it_is_measured_on_real_batches() -> None:
    with tf.device("CPU:0"):
        cost_ms = augmentation_cost_ms(
            rectangles(8).split("masks"), AugmentationSection(strength="heavy"), batch_size=64
        )
    assert 0 <= cost_ms < 10_000
