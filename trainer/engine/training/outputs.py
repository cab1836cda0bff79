"""Loss, weight and metrics for each output of a model that has several."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.catalog.task_fit import OF_A_DETECTOR
from trainer.config.component import Component
from trainer.config.sections import TrainingSection
from trainer.engine.components import build
from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.training.fitting import build_loss, build_metrics, user_function
from trainer.engine.training.several_numbers import metrics_of_each, scaled_loss
from trainer.errors import ConfigError, Problem

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession

_KEY = "training.outputs"
_DEFAULT_LOSS = Component(name="SparseCategoricalCrossentropy")


def build_losses(session: TrainingSession) -> dict[str, Any]:
    """What `model.compile` needs of losses and metrics: `loss`, `metrics`, and `loss_weights` for several outputs.

    Raises:
        ConfigError: `training.outputs` does not fit the model's outputs, or a component refuses its arguments.
        UserCodeError: The user's code raised.
    """
    config, functions = session.config, session.folder.functions_path
    names = output_names(session.model)
    if config.training.outputs:
        return compile_outputs(config.training.outputs, names, functions)
    if isinstance(session.model, BoxDetector):
        return _of_detector(config.training)
    if len(names) > 1:
        raise ConfigError((Problem(_KEY, f"The model has the outputs {', '.join(names)}. Give each its loss here."),))
    class_names = session.data.class_names if session.data is not None else ()
    loss = build_loss(config, functions, session.output_fit)
    make_metrics = functools.partial(build_metrics, config, session.output_fit, functions, class_names)
    if session.data is not None and (targets := session.data.number_targets):
        return {"loss": scaled_loss(loss, targets), "metrics": metrics_of_each(make_metrics, targets)}
    return {"loss": loss, "metrics": make_metrics()}


def _of_detector(training: TrainingSection) -> dict[str, Any]:
    """A detector brings its loss, and is judged by average precision, which is no metric of Keras."""
    for key, chosen in (("training.loss", training.loss), ("training.metrics", training.metrics)):
        if chosen:
            raise _problem(key, OF_A_DETECTOR)
    return {"loss": None, "metrics": None}


def output_names(model: Any) -> tuple[str, ...]:
    """Names of a model's outputs: the keys where it gives a dictionary, otherwise those of its last layers."""
    structure = getattr(model, "_outputs_struct", None)
    if isinstance(structure, dict):
        return tuple(structure)
    return tuple(getattr(model, "output_names", None) or ("output",))


def compile_outputs(
    outputs: tuple[Component, ...], names: tuple[str, ...], functions_dir: Path | None
) -> dict[str, Any]:
    """The dictionaries for `model.compile`, by name of the output.

    Args:
        outputs: Name of an output, and its arguments `loss`, `weight` and `metrics`. Without a loss its labels are
            class numbers.
        names: Outputs that the model has.
        functions_dir: The run's copies of user files.

    Raises:
        ConfigError: A name is not among `names` or is given twice, or an argument is not as expected.
    """
    losses: dict[str, Any] = {}
    weights: dict[str, float] = {}
    metrics: dict[str, list[Any]] = {}
    for number, output in enumerate(outputs):
        key = f"{_KEY}.{number}"
        if output.name not in names:
            raise _problem(key, f"The model has no output '{output.name}'. It has {', '.join(names)}.")
        if output.name in losses:
            raise _problem(key, f"The output '{output.name}' is given twice.")
        chosen = _Arguments(key, output)
        losses[output.name] = _loss(chosen.loss(), functions_dir)
        weights[output.name] = chosen.weight()
        metrics[output.name] = [_metric(item, functions_dir) for item in chosen.metrics()]
    return {"loss": losses, "loss_weights": weights, "metrics": metrics}


def _problem(key: str, message: str) -> ConfigError:
    return ConfigError((Problem(key, message),))


class _Arguments:
    def __init__(self, key: str, output: Component) -> None:
        self._key = f"{key}.arguments"
        self._values = dict(output.arguments)
        unknown = sorted(set(self._values) - {"loss", "weight", "metrics"})
        if unknown:
            raise _problem(f"{self._key}.{unknown[0]}", "An output has the arguments loss, weight and metrics.")

    def loss(self) -> Component:
        value = self._values.get("loss")
        return _DEFAULT_LOSS if value is None else self._read("loss", value)

    def metrics(self) -> list[Component]:
        values: Any = self._values.get("metrics")
        if values is None:
            # Accuracy fits classes, and whoever leaves the loss to us has classes.
            return [Component(name="Accuracy")] if self._values.get("loss") is None else []
        name = "metrics"
        if not isinstance(values, list):
            raise _problem(f"{self._key}.{name}", f"Expected a list of metrics, received {values!r}.")
        return [self._read(f"{name}.{number}", value) for number, value in enumerate(values)]

    def weight(self) -> float:
        value: Any = self._values.get("weight", 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _problem(f"{self._key}.weight", f"Expected a number, received {value!r}.")
        return float(value)

    def _read(self, name: str, value: Any) -> Component:
        try:
            return Component.model_validate(value)
        except ValueError as error:
            raise _problem(f"{self._key}.{name}", f"Expected a name with arguments, received {value!r}.") from error


def _loss(component: Component, functions_dir: Path | None) -> Any:
    return build("loss", component) if component.file is None else user_function("loss", component, functions_dir)


def _metric(component: Component, functions_dir: Path | None) -> Any:
    if component.file is not None:
        return user_function("metric", component, functions_dir)
    # Keras' own word: it decides by the shapes of the output and its labels which accuracy that is.
    is_accuracy = component.name.lower() in ("accuracy", "acc") and not component.arguments
    return "accuracy" if is_accuracy else build("metric", component)
