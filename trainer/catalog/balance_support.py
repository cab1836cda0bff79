"""Which samples can be balanced by class, and how."""

from __future__ import annotations

from trainer.config.class_weights import SEVERAL_CLASSES, parse_class_weights
from trainer.config.config import Config
from trainer.config.targets import TargetKind, usual_target
from trainer.errors import ConfigError, Problem

KEY = "data.balance.method"
_REFUSED: dict[TargetKind, str] = {
    "label_sets": SEVERAL_CLASSES,
    "boxes": "Boxes of several classes share a picture, so pictures cannot be balanced by class. Choose none.",
    "numbers": "There are no classes to balance in a regression. Choose none.",
}
_OWN_LOADER = "Your own loader gives batches that are taken as they are. Balance there, and choose none here."
_MASKS = "A picture with a mask has pixels of many classes. Choose class_weights, or none."
_ROWS = "Rows of a table cannot be varied like pictures. Choose oversample."


def balance_problem(
    config: Config, kind: TargetKind | None = None, *, has_pictures: bool | None = None
) -> Problem | None:
    """What speaks against the configuration's balancing; `None` if nothing does.

    Args:
        config: Its section `data.balance` says how.
        kind: What is predicted; by default as the task says.
        has_pictures: Whether the samples are pictures; by default as the task says.
    """
    method, task = config.data.balance.method, config.project.task
    if method == "none":
        return None
    if method == "class_weights" and config.data.balance.weighting == "given":
        try:
            parse_class_weights(config.data.balance.class_weights)
        except ConfigError as error:
            return error.problems[0]
    kind = usual_target(task) if kind is None else kind
    has_pictures = not task.startswith("tabular") if has_pictures is None else has_pictures
    if config.data.loader.file is not None:
        return Problem(KEY, _OWN_LOADER)
    if kind in _REFUSED:
        return Problem(KEY, _REFUSED[kind])
    if kind == "masks" and method != "class_weights":
        return Problem(KEY, _MASKS)
    return Problem(KEY, _ROWS) if method == "variations" and not has_pictures else None
