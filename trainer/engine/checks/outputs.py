"""Does the model run, does what it gives fit the labels, and does it fit the loss?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras
import numpy as np

from trainer.engine.checks.finding import Finding
from trainer.engine.checks.subject import Subject, tensors_in
from trainer.engine.data.targets import UNCOUNTED_CLASS
from trainer.engine.described import described, described_range

_TOLERANCE = 0.01
_PROBABILITY_LOSSES = ("crossentropy",)
_FAR_FROM_CHANCE = 2.5


def check_forward(subject: Subject) -> Finding:
    """The model takes a batch of the data and gives numbers."""
    flow = (
        f"{described(subject.inputs)}{described_range(subject.inputs)} → "
        f"{described(subject.outputs)}{described_range(subject.outputs)}"
    )
    outputs = [np.asarray(keras.ops.convert_to_numpy(item), np.float64) for item in tensors_in(subject.outputs)]
    inputs = [np.asarray(keras.ops.convert_to_numpy(item)) for item in tensors_in(subject.inputs)]
    if not all(np.isfinite(item).all() for item in outputs):
        advice = "Look for a division, logarithm or root in the model, and for extreme values in the data."
        return _forward("fail", f"{flow}: not all are numbers.", advice)
    if all(item.size and item.min() == item.max() for item in inputs):
        return _forward("warn", f"{flow}: all inputs are the same.", "Look at the pictures and the preprocessing.")
    if all(len(item) > 1 and np.ptp(item, axis=0).max() < 1e-7 for item in outputs):
        advice = "The model does not see its inputs: look at its scaling and its first layers."
        return _forward("warn", f"{flow}: the same for every sample.", advice)
    return _forward("pass", flow)


def _forward(outcome: str, text: str, advice: str = "") -> Finding:
    return Finding("forward", "Forward pass", outcome, text, advice)  # type: ignore[arg-type]


def check_shapes(subject: Subject) -> Finding:
    """Labels and outputs have shapes that belong together."""
    pair = f"labels {described(subject.labels)}, outputs {described(subject.outputs)}"
    if not subject.is_single:
        return _named_shapes(subject, pair)
    labels, outputs = subject.numpy_labels(), subject.numpy_outputs()
    problem = _shape_problem(labels, outputs)
    if not problem:
        return Finding("shapes", "Shapes", "pass", pair)
    is_own = subject.loss is None or subject.loss.file is not None
    advice = "Give the model's last layer as many units as there are classes or numbers, or choose another loss."
    if is_own:
        advice = "Your own loss may know what to do with that; none of Keras' does."
    return Finding("shapes", "Shapes", "warn" if is_own else "fail", f"{pair}: {problem}", advice)


def _named_shapes(subject: Subject, pair: str) -> Finding:
    labels, outputs = subject.labels, subject.outputs
    is_detector = subject.session.data is not None and subject.session.data.target_kind == "boxes"
    both = isinstance(labels, Mapping) and isinstance(outputs, Mapping)
    if both and not is_detector and set(labels) != set(outputs):
        text = f"{pair}: the names differ."
        return Finding("shapes", "Shapes", "warn", text, "Name the outputs as the loader names the labels.")
    return Finding("shapes", "Shapes", "pass", pair)


def _shape_problem(labels: np.ndarray, outputs: np.ndarray) -> str:
    """What is wrong, as the end of a sentence; empty if nothing is."""
    if labels.shape == outputs.shape or (*labels.shape, 1) == outputs.shape:
        return ""
    if labels.shape == outputs.shape[:-1]:
        counted = labels[labels != UNCOUNTED_CLASS] if labels.ndim > 1 else labels
        highest = int(counted.max()) if counted.size else 0
        if highest >= outputs.shape[-1]:
            return f"class {highest} has no output, as there are only {outputs.shape[-1]} (classes count from 0)."
        return ""
    return "they do not fit each other."


def check_range(subject: Subject) -> Finding:
    """The loss gets what it expects: probabilities, or scores without activation."""
    loss = subject.loss
    if loss is None or loss.file is not None or not subject.is_single:
        whose = "the model's own" if loss is None else "your own"
        text = f"Not judged: the loss is {whose}." if subject.is_single else "Not judged: there are several outputs."
        return Finding("range", "Output range", "pass", text)
    outputs = subject.numpy_outputs()
    reach = f"outputs reach{described_range(subject.outputs)}"
    if any(word in loss.name.lower() for word in _PROBABILITY_LOSSES):
        return _probabilities(loss.name, outputs, reach, from_logits=bool(loss.arguments.get("from_logits")))
    return _numbers(subject, reach)


def _probabilities(loss: str, outputs: np.ndarray, reach: str, *, from_logits: bool) -> Finding:
    is_between = outputs.min() >= -_TOLERANCE and outputs.max() <= 1 + _TOLERANCE
    is_whole = "binary" in loss.lower() or bool(np.allclose(outputs.sum(axis=-1), 1, atol=_TOLERANCE))
    if from_logits and is_between and is_whole:
        text = f"{loss} with from_logits takes scores without activation, but these look like probabilities: {reach}."
        return Finding("range", "Output range", "warn", text, "Take the activation off the last layer, or from_logits.")
    if not from_logits and not is_between:
        text = f"{loss} takes probabilities from 0 to 1, but the {reach}."
        advice = "End the model with softmax (sigmoid for a binary loss), or give the loss from_logits: true."
        return Finding("range", "Output range", "fail", text, advice)
    if not from_logits and not is_whole:
        text = f"{loss} takes probabilities that sum to 1, but those of a sample sum to {outputs[0].sum():.3g}."
        return Finding("range", "Output range", "warn", text, "End the model with softmax, or choose a binary loss.")
    kind = "scores without activation" if from_logits else "probabilities"
    return Finding("range", "Output range", "pass", f"{loss} gets {kind}: {reach}.")


def _numbers(subject: Subject, reach: str) -> Finding:
    labels = subject.numpy_labels()
    layers = getattr(subject.model, "layers", None) or [None]
    activation = getattr(getattr(layers[-1], "activation", None), "__name__", "linear")
    limits = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, math.inf)}
    low, high = limits.get(activation, (-math.inf, math.inf))
    text = f"labels reach{described_range(subject.labels)}, {reach}."
    if labels.size and (labels.min() < low or labels.max() > high):
        advice = f"The last layer's {activation} cannot reach all labels: take it off, or scale the labels."
        return Finding("range", "Output range", "fail", text, advice)
    return Finding("range", "Output range", "pass", text)


def check_first_loss(subject: Subject) -> Finding:
    """The untrained model is about as wrong as guessing."""
    value = float(subject.model.compute_loss(subject.inputs, subject.labels, subject.outputs, *subject.weights))
    if not math.isfinite(value):
        advice = "Look for labels the loss cannot take, and for a logarithm of 0 in it."
        return Finding("first_loss", "First loss", "fail", f"The loss of the untrained model is {value}.", advice)
    chance = _chance(subject)
    if chance is None or subject.config.model.pretrained or subject.config.model.initial_weights:
        return Finding("first_loss", "First loss", "pass", f"{value:.4g} before training.")
    text = f"{value:.4g} before training; guessing would have {chance:.4g}."
    if value > _FAR_FROM_CHANCE * chance:
        advice = "Far from guessing: look at the scaling of the inputs (data.normalization) and the first weights."
        return Finding("first_loss", "First loss", "warn", text, advice)
    return Finding("first_loss", "First loss", "pass", text)


def _chance(subject: Subject) -> float | None:
    """Crossentropy of equal probabilities; `None` for another loss."""
    loss, names = subject.loss, subject.session.data.class_names if subject.session.data else ()
    if loss is None or loss.file is not None or len(names) < 2 or not loss.name.endswith("CategoricalCrossentropy"):
        return None
    return math.log(len(names))
