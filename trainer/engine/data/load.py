"""All data of a run: read by the chosen loader, with the chosen preprocessing and augmentation."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import keras
import tensorflow as tf

from trainer.catalog.augmentation_support import picture_step_problem
from trainer.config.config import Config
from trainer.engine.components import build
from trainer.engine.data.batch_step import BatchStep, build_step
from trainer.engine.data.custom_loader import load_custom
from trainer.engine.data.failures import decode_failures_explained
from trainer.engine.data.part import DataPart
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.steps import DataSteps
from trainer.engine.reporting import Reporter
from trainer.errors import ConfigError


def load_data(
    config: Config, base_dir: Path, functions_dir: Path | None, reporter: Reporter, *, one_hot: bool
) -> PreparedData:
    """Read the data and set up what is done to it.

    Args:
        config: Its `data` section says what to read; `runtime.seed` decides what is held out.
        base_dir: What relative folders are relative to.
        functions_dir: The run's copies of user files.
        reporter: Told counts, progress and what is left out.
        one_hot: Whether labels will be wanted as one-hot rows.

    Raises:
        ConfigError: A step is not known, refuses its arguments or does not fit the data.
        DataError: The data cannot be used.
        UserCodeError: The user's code failed, or returned something unfit.
    """
    if config.data.loader.file is not None:
        prepared = load_custom(config, base_dir, functions_dir, reporter)
    else:
        prepared = cast(
            PreparedData, build("loader", config.data.loader, data_dir=base_dir, config=config, reporter=reporter)
        )
    _require_pictures(config, prepared)
    with decode_failures_explained(prepared):
        return _with_steps(prepared, config, functions_dir, reporter, one_hot)


def _require_pictures(config: Config, prepared: PreparedData) -> None:
    shape = prepared.input_shape
    if not isinstance(shape, dict) and len(shape) == 3:
        return
    received = f"inputs {', '.join(shape)}" if isinstance(shape, dict) else f"inputs of shape {shape}"
    if problem := picture_step_problem(config, received):
        raise ConfigError((problem,))


def _with_steps(
    prepared: PreparedData, config: Config, functions_dir: Path | None, reporter: Reporter, one_hot: bool
) -> PreparedData:
    data = config.data
    if not data.preprocessing and not data.augmentation.steps and not data.balance.variation_steps:
        return prepared
    outside, inside = _divided([build_step("preprocessing", item, functions_dir) for item in data.preprocessing])
    steps = DataSteps(_augmentation(config, prepared, functions_dir), outside)
    images, labels = _first_batch(prepared.train, config, one_hot)
    steps = steps.tried(images, labels)
    for step in outside:
        reporter.log("DATA", f"Preprocessing by {step.component.name} happens before the model and is not saved in it")
    changed: dict[str, Any] = {
        name: dataclasses.replace(cast(Any, part), steps=steps) for name, part in prepared.splits.items()
    }
    prepared = dataclasses.replace(prepared, **changed)
    shape = steps.preprocessing[-1].shape if steps.preprocessing else prepared.input_shape
    assert shape is not None
    layers = _adapted([step.target for step in inside], prepared.train, config, reporter)
    return dataclasses.replace(prepared, input_shape=shape, layers=layers)


def _augmentation(config: Config, prepared: PreparedData, functions_dir: Path | None) -> tuple[BatchStep, ...]:
    """The steps of the augmentation, and those that vary copies of samples of rare classes."""
    kind, balance = prepared.target_kind, config.data.balance
    steps = [build_step("augmentation", item, functions_dir, kind) for item in config.data.augmentation.steps]
    if balance.method == "variations":
        steps += [
            build_step("augmentation", item, functions_dir, kind, only_copies=True) for item in balance.variation_steps
        ]
    return tuple(steps)


def _divided(steps: list[BatchStep]) -> tuple[tuple[BatchStep, ...], tuple[BatchStep, ...]]:
    """The steps up to the last function, and the Keras layers after it, which can be part of the model."""
    last = max((number for number, step in enumerate(steps, 1) if not step.is_layer), default=0)
    return tuple(steps[:last]), tuple(steps[last:])


def _batches(part: DataPart, config: Config, one_hot: bool) -> Any:
    return part.dataset(
        batch_size=config.data.batch_size,
        shuffle=False,
        seed=config.runtime.seed,
        augmentation=None,
        one_hot=one_hot,
        repeat=False,
    )


def _first_batch(part: DataPart, config: Config, one_hot: bool) -> tuple[Any, Any]:
    images, labels, *_ = next(iter(_batches(part, config, one_hot).take(1)))
    return images, labels


def _adapted(layers: list[Any], part: DataPart, config: Config, reporter: Reporter) -> tuple[Any, ...]:
    """The layers, with mean and variance of the training data for a `Normalization` that was given none."""
    done: list[Any] = []
    for layer in layers:
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            before = tuple(done)

            def show(images: Any, *_: Any, before: tuple[Any, ...] = before) -> Any:
                images = tf.cast(images, tf.float32)
                for earlier in before:
                    images = earlier(images)
                return images

            layer.adapt(_batches(part, config, one_hot=False).map(show))
            mean, variance = (keras.ops.convert_to_numpy(value).reshape(-1) for value in (layer.mean, layer.variance))
            reporter.log("DATA", "Normalization takes mean and variance of the training data")
            layer = keras.layers.Normalization(
                axis=layer.axis, mean=mean.tolist(), variance=variance.tolist(), name=layer.name
            )
        done.append(layer)
    # Those that adapting has built are made anew: the model builds them where it is built itself.
    return tuple(type(layer).from_config(layer.get_config()) if layer.built else layer for layer in done)
