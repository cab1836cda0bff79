"""How the task's labels, the loss, the metrics and the model's output are made to fit each other."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.catalog.check import find_entry
from trainer.catalog.entry import ComponentKind
from trainer.catalog.label_smoothing import label_smoothing_problem
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.engine.components import as_copied, build, make
from trainer.engine.training.adapted_metric import adapt_metric, with_one_hot_labels
from trainer.errors import ConfigError, Problem, UserCodeError


@dataclass(frozen=True, slots=True)
class OutputFit:
    """What the output layer and the labels must look like for the chosen loss.

    Attributes:
        activation: Of the output layer.
        one_hot: Labels come as (batch, classes) float32 instead of (batch,) int32.
    """

    activation: str
    one_hot: bool


def fit_output(loss: Component | None, functions_dir: Path | None = None) -> OutputFit:
    """Labels and output activation for a classification loss.

    Sparse losses get class numbers, all others one-hot vectors; a user's own loss gets one-hot vectors unless
    its name says sparse. `from_logits` leaves the output linear; binary losses get one sigmoid per class.
    """
    if loss is None:
        return OutputFit("softmax", one_hot=False)
    name = _name_of("loss", loss, functions_dir)
    one_hot = "sparse" not in name.lower() and name not in _CLASS_NUMBER_LOSSES
    if loss.arguments.get("from_logits"):
        return OutputFit("linear", one_hot)
    return OutputFit("sigmoid" if name.startswith("Binary") else "softmax", one_hot)


def fit_task(config: Config, functions_dir: Path | None = None) -> OutputFit:
    """Labels and output activation for a configuration: as the loss wants them, unless something needs one-hot rows.

    Label smoothing and augmentation that mixes labels do; the sparse crossentropy then becomes its one-hot twin.

    Raises:
        ConfigError: The chosen loss takes class numbers only, or does not smooth labels.
    """
    training = config.training
    fit = fit_output(training.loss, functions_dir)
    if training.label_smoothing:
        require_smoothing(config)
        return OutputFit(fit.activation, one_hot=True)
    mixing = mixes_labels(config.data.augmentation.steps, functions_dir)
    if mixing is None or fit.one_hot:
        return fit
    if training.loss is not None and _twin_of_sparse(training.loss) is None:
        message = f"{mixing} needs one-hot labels, but the loss {training.loss.name} takes class numbers."
        raise ConfigError((Problem("training.loss", f"{message} Choose CategoricalCrossentropy."),))
    return OutputFit(fit.activation, one_hot=True)


def mixes_labels(steps: tuple[Component, ...], functions_dir: Path | None) -> str | None:
    """Name of the first augmentation step that gets labels and may change them, such as MixUp; `None` without one."""
    from trainer.engine.data.batch_step import build_step

    for component in steps:
        if "labels" in build_step("augmentation", component, functions_dir).takes:
            return component.name
    return None


def _twin_of_sparse(loss: Component) -> Component | None:
    """The same loss for one-hot labels; `None` if it is no sparse crossentropy or has an argument of its own."""
    entry = find_entry("loss", loss, Path()) if loss.file is None else None
    if entry is None or entry.name != "SparseCategoricalCrossentropy" or loss.arguments.get("ignore_class") is not None:
        return None
    arguments = {name: value for name, value in loss.arguments.items() if name != "ignore_class"}
    return Component(name="CategoricalCrossentropy", arguments=arguments)


def require_smoothing(config: Config) -> None:
    """Refuse label smoothing for a loss that cannot take it.

    Raises:
        ConfigError: It is a user's loss, none for smoothed labels, or smooths them already.
    """
    if problem := label_smoothing_problem(config):
        raise ConfigError((problem,))


def _name_of(kind: ComponentKind, component: Component, functions_dir: Path | None) -> str:
    """The component's own spelling: `binary-crossentropy` in a configuration means `BinaryCrossentropy`."""
    with contextlib.suppress(UserCodeError):
        if entry := find_entry(kind, as_copied(component, functions_dir), Path()):
            return entry.name
    return component.name


def build_loss(config: Config, functions_dir: Path | None, one_hot: bool | None = None) -> Any:
    """The loss object or function, with the configuration's label smoothing.

    Args:
        config: The run's configuration.
        functions_dir: The run's copies of user files.
        one_hot: Whether labels come as one-hot rows; by default as `fit_task` says.
    """
    chosen = config.training.loss or Component(name="SparseCategoricalCrossentropy")
    if chosen.file is not None:
        return user_function("loss", chosen, functions_dir)
    twin = _twin_of_sparse(chosen)
    one_hot = fit_task(config, functions_dir).one_hot if one_hot is None else one_hot
    if twin is not None and one_hot:
        chosen = twin
    if smoothing := config.training.label_smoothing:
        chosen = chosen.model_copy(update={"arguments": chosen.arguments | {"label_smoothing": smoothing}})
    return build("loss", chosen)


def build_metrics(config: Config, one_hot: bool, functions_dir: Path | None) -> list[Any]:
    """The metric objects; those that want the other form of labels are adapted."""
    chosen = config.training.metrics
    if chosen is None:
        chosen = (Component(name="Accuracy"),)
    return [_metric(component, one_hot, functions_dir) for component in chosen]


def _metric(component: Component, one_hot: bool, functions_dir: Path | None) -> Any:
    if component.file is not None:
        own = user_function("metric", component, functions_dir)
        return own if one_hot else with_one_hot_labels(own)
    if component.name.lower() in ("accuracy", "acc"):
        fitting = "CategoricalAccuracy" if one_hot else "SparseCategoricalAccuracy"
        name = component.arguments.get("name", "accuracy")
        return build("metric", Component(name=fitting, arguments=component.arguments | {"name": name}))
    metric = build("metric", component, functions_dir)
    name = _name_of("metric", component, functions_dir)
    wants_one_hot = not name.startswith("Sparse") and name not in _CLASS_NUMBER_METRICS
    if wants_one_hot == one_hot:
        return metric
    return adapt_metric(metric, to_one_hot=wants_one_hot)


_CLASS_NUMBER_LOSSES = frozenset({"CategoricalGeneralizedCrossEntropy"})
_CLASS_NUMBER_METRICS = frozenset({"Mean", "Sum"})


def user_function(kind: Any, component: Component, functions_dir: Path | None) -> Any:
    """A function with (y_true, y_pred) is passed on with its arguments bound; a class is made an object."""
    return make(kind, component, functions_dir)
