"""Settings of how the network learns."""

from __future__ import annotations

from typing import Literal

from trainer.config.component import Component
from trainer.config.fields import Section, setting
from trainer.config.sections.watching import EarlyStoppingSection, PlateauSection


class GradientClippingSection(Section):
    """Limits the size of gradients, against steps that tear the weights apart."""

    enabled: bool = setting(
        False, "Clip gradients", "Limit the size of gradients before they become a step.", advanced=True
    )
    method: Literal["global_norm", "norm", "value"] = setting(
        "global_norm",
        "Limit",
        "global_norm scales all gradients together and keeps their direction; norm scales each variable's gradient by "
        "itself; value cuts off every single number.",
    )
    limit: float = setting(1.0, "At most", "The largest norm, or the largest value.", gt=0)


class WeightAveragingSection(Section):
    """Keeps an exponential moving average of the weights."""

    enabled: bool = setting(
        False,
        "Average weights",
        "Keep a moving average of the weights, which often generalises better than the last ones. The final model has "
        "the averaged weights.",
        advanced=True,
    )
    momentum: float = setting(
        0.99, "Momentum", "How slowly the average follows; 0.99 spans about 100 steps.", ge=0, lt=1
    )
    overwrite_every_steps: int = setting(
        0,
        "Overwrite every",
        "Steps after which the average replaces the weights and training goes on from it. 0: only at the end.",
        unit="steps",
        ge=0,
        advanced=True,
    )


class TrainingSection(Section):
    """How the network learns."""

    epochs: int = setting(
        15, "Epochs", "How many times the network sees all training pictures.", unit="epochs", ge=1, le=1_000_000
    )
    initial_learning_rate: float = setting(
        0.001,
        "Learning rate",
        "Size of each step at the start. Too large diverges, too small crawls; 0.001 suits Adam, 0.01 to 0.1 "
        "suits SGD.",
        gt=0,
        le=100,
    )
    optimizer: Component = setting(
        Component(name="Adam"),
        "Optimizer",
        "The rule that turns gradients into steps. Adam is a safe start.",
        component="optimizer",
    )
    learning_rate_schedule: Component | None = setting(
        None,
        "Rate schedule",
        "How the learning rate changes while training, starting from the learning rate above. Empty: it stays.",
        component="schedule",
    )
    weight_decay: float | None = setting(
        None,
        "Weight decay",
        "Pulls weights towards zero at every step, against overfitting; 0.0001 to 0.01 is usual. Empty: what the "
        "optimizer does by itself.",
        ge=0,
        lt=1,
        advanced=True,
    )
    gradient_clipping: GradientClippingSection = setting(
        GradientClippingSection(), "Gradient clipping", "Limits the size of gradients.", advanced=True
    )
    gradient_accumulation_steps: int = setting(
        1,
        "Accumulate gradients over",
        "Batches whose gradients are added up before the weights change: 4 batches of 8 learn like one of 32 in the "
        "memory of 8.",
        unit="batches",
        ge=1,
        le=10_000,
        advanced=True,
    )
    weight_averaging: WeightAveragingSection = setting(
        WeightAveragingSection(),
        "Weight averaging",
        "Keeps an exponential moving average of the weights.",
        advanced=True,
    )
    loss: Component | None = setting(
        None, "Loss", "What training minimises. Empty: the loss that fits the task.", component="loss"
    )
    metrics: tuple[Component, ...] | None = setting(
        None, "Metrics", "Figures reported beside the loss. Empty: those that fit the task.", component="metric"
    )
    label_smoothing: float = setting(
        0.0,
        "Label smoothing",
        "Share of each label that is spread over all classes, so that the network never gets too sure; 0.1 is usual.",
        ge=0,
        lt=1,
        advanced=True,
    )
    outputs: tuple[Component, ...] = setting(
        (),
        "Outputs",
        "For a model with several outputs: the loss, its weight and the metrics of each, by the output's name.",
        component="output",
        advanced=True,
    )
    training_loop: Component | None = setting(
        None,
        "Training loop",
        "Your own function that trains the model. Empty: Keras' fit.",
        component="training_loop",
        advanced=True,
    )
    max_train_batches: int = setting(
        0,
        "Batches per epoch",
        "End every epoch after this many batches, to look at results sooner. 0: all.",
        unit="batches",
        ge=0,
        advanced=True,
    )
    validate_every_epochs: int = setting(
        1, "Validate every", "Epochs from one validation to the next.", unit="epochs", ge=1, advanced=True
    )
    steps_per_execution: int = setting(
        1,
        "Steps per call",
        "Batches that TensorFlow trains on in one go. More is faster where steps take less than a millisecond; "
        "Stop and Pause then wait for that many batches.",
        unit="batches",
        ge=1,
        le=100_000,
        advanced=True,
    )
    early_stopping: EarlyStoppingSection = setting(
        EarlyStoppingSection(), "Early stopping", "Ends training when the watched figure no longer improves."
    )
    reduce_on_plateau: PlateauSection = setting(
        PlateauSection(), "Plateau", "Lowers the learning rate when the watched figure no longer improves."
    )
    stop_on_nan: bool = setting(
        True,
        "Stop at NaN",
        "End the run with a clear reason as soon as the loss is not a finite number.",
        advanced=True,
    )
    callbacks: tuple[Component, ...] = setting(
        (), "Callbacks", "Further Keras callbacks, built in or your own.", component="callback", advanced=True
    )
