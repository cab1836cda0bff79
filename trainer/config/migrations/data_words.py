"""The data: shares, batches, scaling of pixels, validation."""

from __future__ import annotations

from typing import Any

from trainer.config.migrations.foreign_keys import ForeignKeys, component, number

IMAGENET_MEAN = [0.485, 0.456, 0.406]
IMAGENET_STD = [0.229, 0.224, 0.225]
_INTERPOLATIONS = ("bilinear", "bicubic", "nearest")


def map_data(foreign: ForeignKeys) -> None:
    """Batch size, workers, shares, validation, scaling and resizing."""
    foreign.move("batch_size", "data.batch_size")
    foreign.drop("num_workers", "pictures are read by TensorFlow's own threads; runtime.threads limits them")
    _shares(foreign)
    _validation(foreign)
    _scaling(foreign)
    method = foreign.value("preprocessing.resize_method")
    if method in _INTERPOLATIONS:
        foreign.move("preprocessing.resize_method", "data.interpolation")


def _shares(foreign: ForeignKeys) -> None:
    foreign.move("val_ratio", "data.validation_fraction")
    foreign.drop("train_ratio", "what is not held out for validation is trained on")
    foreign.move("test_ratio", "data.split.test_fraction")


def _validation(foreign: ForeignKeys) -> None:
    if foreign.value("validation.enabled") is False:
        foreign.move("validation.enabled", "data.validation_fraction", 0.0)
        foreign.drop("validation.val_split", "validation is switched off")
    foreign.drop("validation.enabled", "there is validation whenever there are pictures for it")
    foreign.move("validation.val_split", "data.validation_fraction")
    foreign.move("validation.val_interval", "training.validate_every_epochs")
    reason = "the best and the last state are always kept; checkpoints.keep_every_epochs keeps more"
    foreign.drop("validation.save_best_only", reason)
    metric = foreign.value("validation.metric")
    if isinstance(metric, str) and metric.lower().startswith("map"):
        foreign.drop("validation.metric", "it judges the detection of objects; val_loss is watched instead")
    elif isinstance(metric, str):
        foreign.move("validation.metric", "checkpoints.monitor", metric if metric[:4] == "val_" else f"val_{metric}")


def _scaling(foreign: ForeignKeys) -> None:
    word = foreign.first("preprocessing.normalize", "normalize")
    statistics = [foreign.value(f"preprocessing.{name}") for name in ("mean", "std")]
    if word is not None and foreign.value(word) is False:
        foreign.move(word, "data.normalization", "none")
        for name in ("mean", "std"):
            foreign.drop(f"preprocessing.{name}", "normalization is switched off")
    elif statistics == [IMAGENET_MEAN, IMAGENET_STD]:
        _own_statistics(foreign, word, "imagenet")
    elif all(_are_numbers(values) for values in statistics):
        _own_statistics(foreign, word, "none")
        foreign.put("data.preprocessing", [_normalization(*statistics)], "preprocessing.mean")
    elif word is not None and foreign.value(word) is True and statistics == [None, None]:
        foreign.move(word, "data.normalization", "auto", because="the scaling that the chosen model expects")


def _own_statistics(foreign: ForeignKeys, word: str | None, normalization: str) -> None:
    words = [name for name in (word, "preprocessing.mean", "preprocessing.std") if name is not None]
    told = foreign.told(*words)
    for name in words:
        foreign.take(name)
    foreign.put("data.normalization", normalization, *words)
    means = "data.preprocessing with a Normalization layer" if normalization == "none" else "data.normalization"
    foreign.note(f"{told} became {means}{' ' + repr(normalization) if normalization != 'none' else ''}.")


def _normalization(mean: list[float], deviation: list[float]) -> dict[str, Any]:
    """Keras' layer for the same; our pixels reach from 0 to 255 where PyTorch's reach from 0 to 1."""
    arguments = {
        "mean": [round(255 * float(value), 6) for value in mean],
        "variance": [round((255 * float(value)) ** 2, 6) for value in deviation],
    }
    return component("Normalization", arguments)


def _are_numbers(values: Any) -> bool:
    return (
        isinstance(values, list) and bool(values) and all(isinstance(number(value), (int, float)) for value in values)
    )
