"""Settings of what follows from a watched figure: early stopping, lower rates, checkpoints."""

from __future__ import annotations

from trainer.config.fields import Section, setting
from trainer.config.sections.monitoring import MODE_TEXT, MONITOR_TEXT, Mode


class EarlyStoppingSection(Section):
    """Ends training when the watched figure no longer improves."""

    enabled: bool = setting(False, "Stop early", "End training when the watched figure has not improved for a while.")
    monitor: str = setting("auto", "Watch", MONITOR_TEXT, min_length=1)
    mode: Mode = setting("auto", "Better is", MODE_TEXT, advanced=True)
    patience: int = setting(10, "Patience", "Epochs without improvement before training ends.", unit="epochs", ge=0)
    min_delta: float = setting(
        0.0, "Least improvement", "Smaller changes do not count as improvement.", ge=0, advanced=True
    )
    restore_best_weights: bool = setting(
        True,
        "Restore the best weights",
        "Give the final model the weights of its best epoch instead of its last; what is best is decided under "
        "Checkpoints.",
    )


class PlateauSection(Section):
    """Lowers the learning rate when the watched figure no longer improves."""

    enabled: bool = setting(
        False,
        "Reduce on plateau",
        "Multiply the learning rate by a factor when the watched figure has not improved for a while.",
    )
    monitor: str = setting("auto", "Watch", MONITOR_TEXT, min_length=1)
    mode: Mode = setting("auto", "Better is", MODE_TEXT, advanced=True)
    factor: float = setting(0.5, "Factor", "The learning rate is multiplied by this.", gt=0, lt=1)
    patience: int = setting(
        5, "Patience", "Epochs without improvement before the rate is lowered.", unit="epochs", ge=1
    )
    cooldown: int = setting(
        0, "Cool-down", "Epochs to wait after lowering before watching again.", unit="epochs", ge=0, advanced=True
    )
    min_delta: float = setting(
        0.0001, "Least improvement", "Smaller changes do not count as improvement.", ge=0, advanced=True
    )
    min_learning_rate: float = setting(0.0, "Lowest rate", "The rate is never lowered below this.", ge=0, advanced=True)


class CheckpointsSection(Section):
    """What is saved while training, so that no work is lost."""

    monitor: str = setting("auto", "Best by", MONITOR_TEXT, min_length=1)
    mode: Mode = setting("auto", "Better is", MODE_TEXT, advanced=True)
    last_every_epochs: int = setting(
        1,
        "Save the state every",
        "Complete state from which training continues exactly. 0: only when training stops.",
        unit="epochs",
        ge=0,
        advanced=True,
    )
    keep_every_epochs: int = setting(
        0,
        "Keep a copy every",
        "Besides last and best, keep the state of every n-th epoch. 0 keeps none.",
        unit="epochs",
        ge=0,
        advanced=True,
    )
