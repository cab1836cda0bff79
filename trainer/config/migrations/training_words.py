"""How training runs and ends: epochs, precision, accumulation, early stopping, checkpoints, weights of classes."""

from __future__ import annotations

from trainer.config.migrations.foreign_keys import ForeignKeys, number

_STOPPING = "training.early_stopping"


def map_training(foreign: ForeignKeys) -> None:
    """Everything that is no matter of data, model, optimizer or schedule."""
    foreign.move("epochs", "training.epochs")
    for word in ("gradient_accumulation_steps", "max_train_batches", "label_smoothing"):
        foreign.move(word, f"training.{word}")
    _precision(foreign)
    _clipping(foreign)
    _class_weights(foreign)
    _early_stopping(foreign)
    _checkpoints(foreign)
    foreign.drop("test_time_augmentation", "this version judges every picture once, as it is")
    foreign.drop("ensemble_training", "a run trains one network; start several with other seeds")
    foreign.drop("description", "a configuration keeps no description; write it as a # comment")


def _precision(foreign: ForeignKeys) -> None:
    wanted = foreign.value("mixed_precision")
    if wanted is True:
        because = "mixed on GPUs that gain by it, float32 on a CPU, where it would be slower"
        foreign.move("mixed_precision", "runtime.precision", "auto", because)
    elif wanted is False:
        foreign.move("mixed_precision", "runtime.precision", "float32")


def _clipping(foreign: ForeignKeys) -> None:
    received = number(foreign.value("gradient_clipping"))
    if "gradient_clipping" not in foreign or isinstance(received, str) or received is None:
        return
    told = foreign.told("gradient_clipping")
    foreign.take("gradient_clipping")
    is_on = bool(received)
    foreign.put("training.gradient_clipping.enabled", is_on, "gradient_clipping")
    if is_on and received is not True:
        foreign.put("training.gradient_clipping.limit", received, "gradient_clipping")
    limit = "1.0" if received is True else str(received)
    became = f"to a global norm of {limit}" if is_on else "switched off"
    foreign.note(f"{told} became training.gradient_clipping, {became}.")


def _class_weights(foreign: ForeignKeys) -> None:
    for word in ("class_weighting", "class_weighting.enabled"):
        if foreign.value(word) is True:
            foreign.move(word, "data.balance.method", "class_weights")
        elif foreign.value(word) is False:
            foreign.move(word, "data.balance.method", "none")
    strategy = foreign.value("class_weighting.strategy")
    if strategy in ("inverse_frequency", "effective_number"):
        foreign.move("class_weighting.strategy", "data.balance.weighting")
    foreign.drop("class_weighting.strategy", "weights follow from the inverse frequency or the effective number")


def _early_stopping(foreign: ForeignKeys) -> None:
    switch = foreign.first("early_stopping.enabled", "early_stopping")
    if switch is not None and isinstance(foreign.value(switch), (bool, type(None))):
        foreign.move(switch, f"{_STOPPING}.enabled", bool(foreign.value(switch)))
    for name in ("patience", "min_delta", "monitor", "mode"):
        foreign.move(f"early_stopping.{name}", f"{_STOPPING}.{name}")
    foreign.move("early_stopping_patience", f"{_STOPPING}.patience")
    foreign.move_rest("early_stopping", _STOPPING)
    settings = foreign.setting(_STOPPING)
    if isinstance(settings, dict) and settings and "enabled" not in settings:
        foreign.put(f"{_STOPPING}.enabled", True)
        foreign.note(f"{_STOPPING}.enabled was set to true, as the file gives what it needs.")


def _checkpoints(foreign: ForeignKeys) -> None:
    foreign.move("checkpointing.monitor", "checkpoints.monitor")
    foreign.drop("checkpointing.save_best", "the best state is always kept")
    if foreign.value("checkpointing.save_last") is False:
        foreign.move("checkpointing.save_last", "checkpoints.last_every_epochs", 0)
    foreign.drop("checkpointing.save_last", "the last state is kept after every epoch unless set otherwise")
    foreign.move_rest("checkpointing", "checkpoints")
