"""Settings of the network."""

from __future__ import annotations

from typing import Literal

from trainer.config.component import Component
from trainer.config.fields import Section, setting
from trainer.config.task import Task

_WITH_HEAD: tuple[Task, ...] = ("image_classification", "custom")
"""Where the trainer turns a backbone's features into scores of whole pictures."""
_WITH_BACKBONE: tuple[Task, ...] = (*_WITH_HEAD, "image_segmentation")
"""Where it puts an output on a backbone at all: detectors and networks for tables are whole."""


class GradualUnfreezingSection(Section):
    """Frees a frozen backbone bit by bit, from the output towards the input."""

    enabled: bool = setting(
        False,
        "Gradual unfreezing",
        "Start with only the new output layers learning, then free the backbone's layers group by group, those "
        "nearest to the output first.",
        advanced=True,
    )
    first_epoch: int = setting(
        2, "First at epoch", "Epoch in which the first group starts to learn.", unit="epochs", ge=2
    )
    every_epochs: int = setting(1, "Next after", "Epochs between one group and the next.", unit="epochs", ge=1)
    num_groups: int = setting(
        4,
        "Groups",
        "Into how many groups of equal size the backbone's layers are divided.",
        unit="groups",
        ge=1,
        le=1000,
    )


class ModelSection(Section):
    """The network."""

    architecture: Component = setting(
        Component(name="SmallCNN"),
        "Model",
        "The network to train: SmallCNN trains in a minute on a CPU; the others are the families of "
        "keras.applications.",
        component="model",
    )
    pretrained: bool = setting(
        False,
        "Pretrained on ImageNet",
        "Start from weights learned on ImageNet instead of random ones. They are downloaded on first use. Only "
        "for keras.applications models.",
        tasks=_WITH_HEAD,
    )
    trainable_backbone: bool = setting(
        True,
        "Train the backbone",
        "Off: only the new output layers learn and the rest keeps its weights. Useful with pretrained weights and "
        "little data.",
        tasks=_WITH_BACKBONE,
    )
    frozen_layers: str = setting(
        "",
        "Frozen layers",
        "Layers that keep their weights: names or patterns such as conv1_*, separated by commas.",
        advanced=True,
    )
    gradual_unfreezing: GradualUnfreezingSection = setting(
        GradualUnfreezingSection(),
        "Gradual unfreezing",
        "Frees a frozen backbone bit by bit, from the output towards the input.",
        advanced=True,
    )
    initial_weights: str | None = setting(
        None,
        "Initial weights",
        "Start from the weights of another training: a run's folder, a .keras or a .weights.h5 file. Layers that fit "
        "by name and shape are taken, the others keep their random start; the log says which.",
        picker="file",
        advanced=True,
    )
    pooling: Literal["average", "max"] = setting(
        "average",
        "Pooling",
        "How the backbone's feature map becomes one vector before the output layer.",
        advanced=True,
        tasks=_WITH_HEAD,
    )
    dropout_rate: float = setting(
        0.2,
        "Dropout rate",
        "Share of features dropped at random before the output layer while training, against overfitting.",
        ge=0,
        lt=1,
        tasks=_WITH_HEAD,
    )
