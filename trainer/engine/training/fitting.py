"""How the task's labels, the loss, the metrics and the model's output are made to fit each other."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.catalog.check import find_entry
from trainer.catalog.entry import ComponentKind
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.engine.components import as_copied, build, find_object
from trainer.errors import UserCodeError


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


def _name_of(kind: ComponentKind, component: Component, functions_dir: Path | None) -> str:
    """The component's own spelling: `binary-crossentropy` in a configuration means `BinaryCrossentropy`."""
    with contextlib.suppress(UserCodeError):
        if entry := find_entry(kind, as_copied(component, functions_dir), Path()):
            return entry.name
    return component.name


def build_loss(config: Config, functions_dir: Path | None) -> Any:
    """The loss object or function."""
    chosen = config.training.loss
    if chosen is None:
        return build("loss", Component(name="SparseCategoricalCrossentropy"))
    if chosen.file is None:
        return build("loss", chosen)
    return _user_function("loss", chosen, functions_dir)


def build_metrics(config: Config, one_hot: bool, functions_dir: Path | None) -> list[Any]:
    """The metric objects; those that want the other form of labels are adapted."""
    chosen = config.training.metrics
    if chosen is None:
        chosen = (Component(name="Accuracy"),)
    return [_metric(component, one_hot, functions_dir) for component in chosen]


def _metric(component: Component, one_hot: bool, functions_dir: Path | None) -> Any:
    if component.file is not None:
        return _user_function("metric", component, functions_dir)
    if component.name.lower() in ("accuracy", "acc"):
        fitting = "CategoricalAccuracy" if one_hot else "SparseCategoricalAccuracy"
        name = component.arguments.get("name", "accuracy")
        return build("metric", Component(name=fitting, arguments=component.arguments | {"name": name}))
    metric = build("metric", component)
    name = _name_of("metric", component, functions_dir)
    wants_one_hot = not name.startswith("Sparse") and name not in _CLASS_NUMBER_METRICS
    if wants_one_hot == one_hot:
        return metric
    from trainer.engine.training.adapted_metric import adapt_metric

    return adapt_metric(metric, to_one_hot=wants_one_hot)


_CLASS_NUMBER_LOSSES = frozenset({"CategoricalGeneralizedCrossEntropy"})
_CLASS_NUMBER_METRICS = frozenset({"Mean", "Sum"})


def _user_function(kind: Any, component: Component, functions_dir: Path | None) -> Any:
    """A function with (y_true, y_pred) is passed on with its arguments bound; a class is made an object."""
    import functools
    import inspect

    found = find_object(kind, component, functions_dir)
    if inspect.isclass(found):
        return build(kind, component, functions_dir)
    if not component.arguments:
        return found
    bound = functools.partial(found, **component.arguments)
    functools.update_wrapper(bound, found)
    return bound
