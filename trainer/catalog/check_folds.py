"""Whether samples can be divided into folds as a configuration says."""

from __future__ import annotations

from trainer.config.config import Config
from trainer.errors import Problem


def fold_problems(config: Config) -> tuple[Problem, ...]:
    """What stands against a cross-validation, without looking at the data; nothing where none is asked for."""
    split = config.data.split
    if config.data.loader.file is not None and (split.test_fraction or split.method == "group"):
        key = "test_fraction" if split.test_fraction else "method"
        message = "A loader of your own divides its samples itself. Leave this, and give data.test_dir instead."
        return (Problem(f"data.split.{key}", message),)
    if not split.num_folds:
        if split.fold:
            message = f"Fold {split.fold} of how many? Set data.split.num_folds too, or leave this at 0."
            return (Problem("data.split.fold", message),)
        return ()
    found = []
    if split.num_folds == 1:
        found.append(Problem("data.split.num_folds", "One fold leaves nothing to train on: choose 0, or 2 or more."))
    elif split.fold > split.num_folds:
        message = f"There are {split.num_folds} folds, received {split.fold}."
        found.append(Problem("data.split.fold", message))
    if config.data.val_dir:
        message = "Cross-validation validates on its folds. Leave this empty, or set data.split.num_folds to 0."
        found.append(Problem("data.val_dir", message))
    if config.data.loader.file is not None:
        message = (
            "A loader of your own gives finished batches, which cannot be divided into folds. Set the folds to 0, or "
            "choose a loader of ModelGardener's."
        )
        found.append(Problem("data.split.num_folds", message))
    return tuple(found)
