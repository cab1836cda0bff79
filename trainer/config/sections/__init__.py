"""The sections of a configuration. Every setting of ModelGardener is declared in here and only here."""

from trainer.config.sections.data import AugmentationSection, DataSection
from trainer.config.sections.model import GradualUnfreezingSection, ModelSection
from trainer.config.sections.running import OutputSection, ProjectSection, RuntimeSection
from trainer.config.sections.splitting import BalanceSection, SplitSection
from trainer.config.sections.training import GradientClippingSection, TrainingSection, WeightAveragingSection
from trainer.config.sections.watching import CheckpointsSection, EarlyStoppingSection, PlateauSection

__all__ = [
    "AugmentationSection",
    "BalanceSection",
    "CheckpointsSection",
    "DataSection",
    "EarlyStoppingSection",
    "GradientClippingSection",
    "GradualUnfreezingSection",
    "ModelSection",
    "OutputSection",
    "PlateauSection",
    "ProjectSection",
    "RuntimeSection",
    "SplitSection",
    "TrainingSection",
    "WeightAveragingSection",
]
