"""How the task's labels, the loss, the metrics and the model's output are made to fit each other."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.catalog.augmentation_support import VARIATION_STEPS_KEY, chosen_steps
from trainer.catalog.catalog import GROUP_OF_OURS
from trainer.catalog.check import find_entry
from trainer.catalog.class_arguments import class_argument_problems
from trainer.catalog.entry import ComponentKind
from trainer.catalog.label_forms import has_one_hot_twin, mixing_problem, takes_class_numbers
from trainer.catalog.label_smoothing import label_smoothing_problem
from trainer.catalog.mask_support import MASK_ACCURACIES, MASK_CROSSENTROPY
from trainer.catalog.target_support import target_problems
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.targets import TargetKind, task_problem
from trainer.config.task import TASKS
from trainer.engine.components import accepted, as_copied, build, find_object, make
from trainer.engine.data.targets import UNCOUNTED_CLASS
from trainer.engine.training.adapted_metric import adapt_metric, with_one_hot_labels
from trainer.engine.training.counted_pixels import CountedPixels
from trainer.errors import ConfigError, UserCodeError


@dataclass(frozen=True, slots=True)
class OutputFit:
    """What the output layer and the labels must look like for the chosen loss.

    Attributes:
        activation: Of the output layer.
        one_hot: Labels come as (batch, classes) float32 instead of (batch,) int32.
        loss: The loss; `None` where the model computes its own.
        metrics: The metrics; `None` for those of the task.
        target_kind: What is predicted, as far as it is known.
    """

    activation: str
    one_hot: bool
    loss: Component | None = None
    metrics: tuple[Component, ...] | None = None
    target_kind: TargetKind = "classes"


def fit_output(loss: Component | None, functions_dir: Path | None = None) -> OutputFit:
    """Labels and output activation for a classification loss.

    Sparse losses get class numbers, all others one-hot vectors; a user's own loss gets one-hot vectors unless
    its name says sparse. `from_logits` leaves the output linear; binary losses get one sigmoid per class.
    """
    if loss is None:
        return OutputFit("softmax", one_hot=False)
    name = _name_of("loss", loss, functions_dir)
    one_hot = not takes_class_numbers(name)
    if loss.arguments.get("from_logits"):
        return OutputFit("linear", one_hot)
    return OutputFit("sigmoid" if name.startswith("Binary") else "softmax", one_hot)


def fit_task(config: Config, functions_dir: Path | None = None) -> OutputFit:
    """Labels and output activation for a configuration: as the loss wants them, unless something needs one-hot rows.

    Label smoothing and augmentation that mixes labels do; the sparse crossentropy then becomes its one-hot twin.

    Raises:
        ConfigError: The chosen loss takes class numbers only, or does not smooth labels.
    """
    training, task = config.training, TASKS[config.project.task]
    loss = training.loss or _default_loss(config)
    if config.project.task == "tabular_regression":
        return OutputFit("linear", one_hot=False, loss=loss, target_kind="numbers")
    fit = dataclasses.replace(fit_output(loss, functions_dir), loss=loss)
    if config.project.task == "image_segmentation":
        fit = dataclasses.replace(fit, target_kind="masks")
    if not task.loss:
        return OutputFit("linear", one_hot=False, loss=training.loss)
    if training.label_smoothing:
        require_smoothing(config)
        return dataclasses.replace(fit, one_hot=True)
    mixing = _mixing_step(config, functions_dir)
    if mixing is None or fit.one_hot:
        return fit
    if training.loss is not None and not has_one_hot_twin(training.loss):
        raise ConfigError((mixing_problem(training.loss, mixing),))
    return dataclasses.replace(fit, one_hot=True)


def fit_data(fit: OutputFit, config: Config, kind: TargetKind, num_classes: int = 0) -> OutputFit:
    """The same for the data there is: pictures of several classes each get a score per class that stands for itself.

    The task `custom` takes any data, whose kind then decides what the task decides otherwise.

    Raises:
        ConfigError: The data does not fit the task, or loss and metrics do not fit the data or its `num_classes`.
    """
    problem = task_problem(config.project.task, kind)
    of_data = [*target_problems(config, kind), *class_argument_problems(config, kind, num_classes)]
    if found := (problem,) if problem else tuple(of_data):
        raise ConfigError(found)
    if kind != "other":
        fit = dataclasses.replace(fit, target_kind=kind)
    if kind == "label_sets":
        return _fit_label_sets(fit, config)
    if config.project.task == "custom" and kind == "numbers":
        return _fit_numbers(fit, config)
    if config.project.task == "custom" and kind == "masks":
        return _fit_masks(fit, config)
    return fit


def _fit_label_sets(fit: OutputFit, config: Config) -> OutputFit:
    """A sigmoid for each class: the scores of a softmax sum to 1, but a sample may have several classes or none."""
    if config.training.loss is None:
        fit = dataclasses.replace(fit, loss=Component(name="BinaryCrossentropy"), activation="sigmoid")
    if config.training.metrics is None:
        fit = dataclasses.replace(fit, metrics=_METRICS_OF_LABEL_SETS)
    activation = "linear" if fit.activation == "linear" else "sigmoid"
    return dataclasses.replace(fit, activation=activation, one_hot=True)


def _fit_numbers(fit: OutputFit, config: Config) -> OutputFit:
    """What a regression of table rows has. Losses that begin with Binary keep their sigmoid."""
    facts = TASKS["tabular_regression"]
    if config.training.loss is None:
        fit = dataclasses.replace(fit, loss=Component(name=facts.loss), activation="linear")
    if config.training.metrics is None:
        fit = dataclasses.replace(fit, metrics=tuple(Component(name=name) for name in facts.metrics))
    activation = "sigmoid" if fit.activation == "sigmoid" else "linear"
    return dataclasses.replace(fit, activation=activation, one_hot=False)


def _fit_masks(fit: OutputFit, config: Config) -> OutputFit:
    """What image segmentation has."""
    if config.training.loss is None:
        loss = _loss_of_masks(config)
        fit = dataclasses.replace(fit, loss=loss, activation="softmax", one_hot=bool(config.training.label_smoothing))
    if config.training.metrics is None:
        names = TASKS["image_segmentation"].metrics
        fit = dataclasses.replace(fit, metrics=tuple(Component(name=name) for name in names))
    return fit


_METRICS_OF_LABEL_SETS = (
    Component(name="BinaryAccuracy", arguments={"name": "accuracy"}),
    Component(name="AUC", arguments={"name": "auc", "multi_label": True}),
)


def _default_loss(config: Config) -> Component | None:
    """The loss of the task."""
    if config.project.task == "image_segmentation":
        return _loss_of_masks(config)
    name = TASKS[config.project.task].loss
    return Component(name=name) if name else None


def _loss_of_masks(config: Config) -> Component:
    """Pixels that stand for no class have the number 255; Keras' own loss would smooth them into all classes."""
    if config.training.label_smoothing:
        return Component(name="MaskCrossentropy")
    return Component(name=TASKS["image_segmentation"].loss, arguments={"ignore_class": UNCOUNTED_CLASS})


def _mixing_step(config: Config, functions_dir: Path | None) -> str | None:
    """The first augmentation step that gets labels and may change them, such as MixUp; `None` without one."""
    from trainer.engine.data.batch_step import build_step

    for key, steps in chosen_steps(config).items():
        only_copies = key == VARIATION_STEPS_KEY
        for number, component in enumerate(steps):
            if "labels" in build_step("augmentation", component, functions_dir, only_copies=only_copies).takes:
                return f"{component.name} in {key}.{number}"
    return None


def _twin_of_sparse(loss: Component) -> Component | None:
    """The same loss for one-hot labels; `None` if it is no sparse crossentropy or has an argument of its own."""
    if not has_one_hot_twin(loss):
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


def build_loss(config: Config, functions_dir: Path | None, fit: OutputFit | None = None) -> Any:
    """The loss object or function, with the configuration's label smoothing; `None` where the model has its own.

    Args:
        config: The run's configuration.
        functions_dir: The run's copies of user files.
        fit: The loss and the form of the labels; by default as `fit_task` says.
    """
    fit = fit or fit_task(config, functions_dir)
    chosen, one_hot = fit.loss, fit.one_hot
    if chosen is None:
        return None
    if chosen.file is not None:
        return user_function("loss", chosen, functions_dir)
    twin = _twin_of_sparse(chosen)
    if twin is not None and one_hot:
        chosen = twin
    if smoothing := config.training.label_smoothing:
        chosen = chosen.model_copy(update={"arguments": chosen.arguments | {"label_smoothing": smoothing}})
    return _loss_of_counted_pixels(chosen, fit) if fit.target_kind == "masks" else build("loss", chosen)


def _loss_of_counted_pixels(chosen: Component, fit: OutputFit) -> Any:
    """The loss of masks, in which pixels that stand for no class cost nothing; ours do that by themselves."""
    entry = find_entry("loss", chosen, Path())
    if entry is not None and entry.name == MASK_CROSSENTROPY:
        arguments = {"ignore_class": UNCOUNTED_CLASS} | chosen.arguments
        return build("loss", chosen.model_copy(update={"arguments": arguments}))
    loss = build("loss", chosen)
    is_ours = entry is not None and entry.group == GROUP_OF_OURS
    return loss if is_ours or not fit.one_hot else CountedPixels(loss)


def build_metrics(
    config: Config, fit: OutputFit, functions_dir: Path | None, class_names: Sequence[str] = ()
) -> list[Any]:
    """The metric objects; those that want the other form of labels are adapted.

    Args:
        config: The run's configuration.
        fit: The form of the labels.
        functions_dir: The run's copies of user files.
        class_names: Classes by number, for those that name figures after them.
    """
    task = config.project.task
    chosen = config.training.metrics if config.training.metrics is not None else fit.metrics
    if chosen is None:
        chosen = tuple(Component(name=name) for name in TASKS[task].metrics)
    if fit.target_kind == "numbers":
        return [make("metric", component, functions_dir) for component in chosen]
    return [_metric(component, fit, functions_dir, class_names) for component in chosen]


def _metric(component: Component, fit: OutputFit, functions_dir: Path | None, class_names: Sequence[str]) -> Any:
    one_hot = fit.one_hot
    if component.file is not None:
        # Keras' own constructors refuse what their **kwargs seem to take.
        found = find_object("metric", component, functions_dir)
        own = make("metric", component, functions_dir, **accepted(found, {"class_names": list(class_names)}))
        return own if one_hot else with_one_hot_labels(own)
    if fit.target_kind == "masks":
        component = _for_masks(component)
    elif component.name.lower() in ("accuracy", "acc"):
        fitting = "CategoricalAccuracy" if one_hot else "SparseCategoricalAccuracy"
        fitting = "BinaryAccuracy" if fit.target_kind == "label_sets" else fitting
        name = component.arguments.get("name", "accuracy")
        return build("metric", Component(name=fitting, arguments=component.arguments | {"name": name}))
    entry = find_entry("metric", component, Path())
    if entry is not None:
        component = _for_scores(component, entry.name, fit)
    metric = build("metric", component, functions_dir, class_names=list(class_names))
    if entry is not None and entry.group == GROUP_OF_OURS:  # ours take both forms
        return metric
    name = _name_of("metric", component, functions_dir)
    wants_one_hot = not name.startswith("Sparse") and name not in _CLASS_NUMBER_METRICS
    if wants_one_hot == one_hot:
        return metric
    return adapt_metric(metric, to_one_hot=wants_one_hot)


def _for_scores(component: Component, name: str, fit: OutputFit) -> Component:
    """The metric for scores and one-hot labels, where it would expect class numbers or one class per sample."""
    if name in ("IoU", "MeanIoU"):
        return component.model_copy(
            update={"arguments": component.arguments | {"sparse_y_true": False, "sparse_y_pred": False}}
        )
    if name in ("F1Score", "FBetaScore") and fit.target_kind == "label_sets":
        return component.model_copy(update={"arguments": {"threshold": 0.5} | component.arguments})
    return component


def _for_masks(component: Component) -> Component:
    """The metric that leaves out pixels that are not counted, under the figure's usual name."""
    name = "Accuracy" if component.name.lower() == "acc" else _name_of("metric", component, None)
    if name in MASK_ACCURACIES:
        figure = "accuracy" if name == "Accuracy" else "sparse_categorical_accuracy"
        return Component(name="PixelAccuracy", arguments={"name": figure} | component.arguments)
    if name == MASK_CROSSENTROPY:
        return Component(name=name, arguments={"ignore_class": UNCOUNTED_CLASS} | component.arguments)
    return component


_CLASS_NUMBER_METRICS = frozenset({"Mean", "Sum"})


def user_function(kind: Any, component: Component, functions_dir: Path | None) -> Any:
    """A function with (y_true, y_pred) is passed on with its arguments bound; a class is made an object."""
    return make(kind, component, functions_dir)
