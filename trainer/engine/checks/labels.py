"""How the labels of the training data are distributed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.data.mask_classes import MOST_MASKS_AT_START, mask_class_problems
from trainer.engine.checks.finding import Finding
from trainer.engine.checks.subject import Subject
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.targets import UNCOUNTED_CLASS, BoxTargets, ClassTargets, NumberTargets
from trainer.engine.training.data_check import parts_of

_UNEVEN = 10.0
_UNEVEN_PIXELS = 50.0
"""Background is most of most pictures; only what is far rarer than that is hard to learn."""
_PIXELS = "pixels of a batch"
_BOX = "boxes"
_SETS = "samples, some of several classes"
_MOST_NAMED = 12
_LOSSES_FOR_RARE = "Choose a loss for rare classes, such as MaskDiceCrossentropy or MaskFocal."
_BALANCE = "Balance the classes with data.balance, or let rare ones count more with its class_weights."
_RARE_BOXES = (
    "Add pictures that show the rare ones, and look at the figures of each class: a mean hides how these fare."
)
_RARE_IN_SETS = (
    "Choose a loss that lets rare classes count more, such as BinaryFocalCrossentropy with apply_class_balancing."
)


def check_labels(subject: Subject) -> Finding:
    """Counts of the classes, or the spread of the numbers, over all training samples; of one batch for masks."""
    data = subject.session.data
    assert data is not None
    targets = getattr(data.train, "targets", None)
    if isinstance(targets, ClassTargets):
        counts = np.bincount(targets.labels, minlength=targets.num_classes)
        return _counts(counts, data.class_names, "samples", subject)
    if isinstance(targets, BoxTargets):
        classes = targets.classes[targets.classes >= 0]
        return _counts(np.bincount(classes, minlength=len(data.class_names)), data.class_names, _BOX, subject)
    if isinstance(targets, NumberTargets) and data.target_kind == "label_sets":
        return _counts(targets.values.sum(axis=0).astype(int), data.class_names, _SETS, subject)
    if isinstance(targets, NumberTargets):
        return _numbers(targets.values)
    if data.target_kind == "masks" and subject.is_single:
        labels = subject.numpy_labels()
        classes = labels.argmax(axis=-1) if labels.ndim == 4 else labels
        counted = classes[classes != UNCOUNTED_CLASS].astype(int)
        counts = np.bincount(counted, minlength=len(data.class_names))
        found = _counts(counts, data.class_names, _PIXELS, subject)
        return found if counts.all() else _absent(found, data)
    return Finding("labels", "Labels", "pass", "Not judged: only your loader knows what they mean.")


def _absent(found: Finding, data: PreparedData) -> Finding:
    """The finding of a batch that lacks a class, as a warning where other training masks lack it too."""
    problems = mask_class_problems(parts_of(data)[:1], MOST_MASKS_AT_START)
    if not problems:
        return found
    more = f" The same is true of {len(problems) - 1:,} more classes." if len(problems) > 1 else ""
    return Finding("labels", "Labels", "warn", found.text, f"{problems[0].message}{more}")


def _counts(counts: NDArray[np.int64], names: Sequence[str], what: str, subject: Subject) -> Finding:
    total = max(1, int(counts.sum()))
    shares = [f"{name} {count:,} ({100 * count / total:.1f} %)" for name, count in zip(names, counts, strict=False)]
    more = f" and {len(shares) - _MOST_NAMED} more classes" if len(shares) > _MOST_NAMED else ""
    text = f"{what}: {', '.join(shares[:_MOST_NAMED])}{more}."
    is_of_samples = what != _PIXELS
    empty = [name for name, count in zip(names, counts, strict=False) if not count]
    if empty:
        advice = f"There is nothing to learn {', '.join(empty[:_MOST_NAMED])} from: add samples, or remove the class."
        return Finding("labels", "Labels", "warn" if is_of_samples else "pass", text, advice if is_of_samples else "")
    is_balanced = subject.config.data.balance.method != "none"
    uneven = _UNEVEN if is_of_samples else _UNEVEN_PIXELS
    advice = {_PIXELS: _LOSSES_FOR_RARE, _BOX: _RARE_BOXES, _SETS: _RARE_IN_SETS}.get(what, _BALANCE)
    if len(counts) > 1 and counts.max() > uneven * counts.min() and not is_balanced:
        ratio = counts.max() / counts.min()
        return Finding("labels", "Labels", "warn", f"{text} The largest has {ratio:.0f} × the smallest.", advice)
    return Finding("labels", "Labels", "pass", text)


def _numbers(values: NDArray[np.float32]) -> Finding:
    columns = values[:, None] if values.ndim == 1 else values
    spread = ", ".join(
        f"{column.min():.4g} to {column.max():.4g} (mean {column.mean():.4g}, deviation {column.std():.4g})"
        for column in columns.T[:_MOST_NAMED]
    )
    if not np.isfinite(columns).all():
        advice = "Leave these samples out, or fill the gaps in the target column."
        return Finding("labels", "Labels", "fail", "Not all targets are numbers.", advice)
    if (columns.std(axis=0) == 0).any():
        return Finding("labels", "Labels", "fail", f"{spread}: a target never changes.", "Choose another target.")
    return Finding("labels", "Labels", "pass", f"{spread}.")
