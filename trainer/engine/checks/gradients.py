"""Does every variable learn, and by how much?"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from trainer.engine.checks.finding import Finding
from trainer.engine.checks.subject import Subject

_SMALLEST_NORM = 1e-6
_LARGEST_NORM = 100.0
_MOST_SILENT = 0.5
"""Blocks that begin as nothing, as residual ones with a scale of 0, have no gradient inside at first."""
_MOST_NAMED = 5


def check_gradients(subject: Subject) -> list[Finding]:
    """The size of the gradient of the loss, and the variables that it does not reach."""
    variables = list(subject.model.trainable_variables)
    if not variables:
        text, advice = "No variable can be trained.", "Unfreeze layers: model.trainable_backbone, model.frozen_layers."
        return [Finding("gradients", "Gradient", "fail", text, advice)]
    with tf.GradientTape() as tape:
        outputs = subject.model(subject.inputs, training=True)
        loss = subject.model.compute_loss(subject.inputs, subject.labels, outputs, *subject.weights)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    reached = {
        variable.path: tf.convert_to_tensor(gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
        if gradient is not None
    }
    missing = [variable.path for variable in variables if variable.path not in reached]
    silent = [path for path, gradient in reached.items() if not np.any(gradient.numpy())]
    return [_norm(subject, reached, float(loss)), _reach(len(variables), missing, silent)]


def _norm(subject: Subject, gradients: dict[str, tf.Tensor], loss: float) -> Finding:
    """A loss in large units, as of a regression, has a large gradient by itself; that is not held against it."""
    norm = float(tf.linalg.global_norm([tf.cast(item, tf.float32) for item in gradients.values()])) if gradients else 0
    text = f"Its norm is {norm:.4g}, over {len(gradients)} variables; the loss is {loss:.4g}."
    optimizer = subject.config.training.optimizer.arguments
    clips = any(optimizer.get(name) for name in ("clipnorm", "clipvalue", "global_clipnorm"))
    if not math.isfinite(norm):
        advice = "Training would fail at once: lower the size of the inputs, and look for roots and logarithms of 0."
        return Finding("gradients", "Gradient", "fail", text, advice)
    if norm == 0:
        advice = "Nothing would be learned: look at the loss, and for operations without a gradient, such as argmax."
        return Finding("gradients", "Gradient", "fail", text, advice)
    if norm < _SMALLEST_NORM:
        advice = "Very small: look at the scaling of the inputs, and at activations that are saturated."
        return Finding("gradients", "Gradient", "warn", text, advice)
    if norm > _LARGEST_NORM * max(1.0, abs(loss)) and not clips:
        advice = "Large: give the optimizer clipnorm: 1.0, scale the inputs, or lower the learning rate."
        return Finding("gradients", "Gradient", "warn", text, advice)
    return Finding("gradients", "Gradient", "pass", text)


def _reach(count: int, missing: list[str], silent: list[str]) -> Finding:
    title = "Variables reached"
    if missing:
        text = f"{len(missing)} of {count} variables get no gradient: {_listed(missing)}."
        advice = "They are not used by the loss: connect or remove the layer, or freeze it."
        return Finding("variables", title, "warn", text, advice)
    if len(silent) > _MOST_SILENT * count:
        text = f"The gradient of {len(silent)} of {count} variables is zero throughout: {_listed(silent)}."
        advice = "They would not learn from this batch: look for a ReLU that never opens, or a layer cut off."
        return Finding("variables", title, "warn", text, advice)
    some = f"; that of {len(silent)} is zero at first, as where layers start at zero" if silent else ""
    return Finding("variables", title, "pass", f"All {count} trainable variables get a gradient{some}.")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
