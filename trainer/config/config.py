"""The root of a configuration."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from trainer.config.fields import Section, setting
from trainer.config.sections import (
    CheckpointsSection,
    DataSection,
    ModelSection,
    OutputSection,
    ProjectSection,
    RuntimeSection,
    TrainingSection,
)

SCHEMA_VERSION: Final = 1


class Config(Section):
    """Everything that decides what a run does. Frozen: an edit makes a new one."""

    schema_version: Literal[1] = Field(
        SCHEMA_VERSION,
        title="Schema version",
        description="Version of this file's format; older files are migrated when opened.",
    )
    project: ProjectSection = setting(ProjectSection(), "Project", "What is being trained, and for which task.")
    data: DataSection = setting(DataSection(), "Data", "Where the pictures are and how they reach the network.")
    model: ModelSection = setting(
        ModelSection(), "Model", "The network: its architecture, its first weights and its output."
    )
    training: TrainingSection = setting(TrainingSection(), "Training", "How the network learns.")
    checkpoints: CheckpointsSection = setting(
        CheckpointsSection(), "Checkpoints", "What is saved while training, so that no work is lost."
    )
    runtime: RuntimeSection = setting(RuntimeSection(), "Runtime", "The machine: randomness, precision, threads.")
    output: OutputSection = setting(OutputSection(), "Output", "Where runs go and what they write.")

    def to_dict(self) -> dict[str, Any]:
        """All settings with their defaults, as plain JSON-like values."""
        return self.model_dump(mode="json")

    def to_changes(self) -> dict[str, Any]:
        """Only the settings that differ from their default, nested as in the file."""
        return _differences(self.to_dict(), Config().to_dict())


def _differences(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, value in values.items():
        default = defaults.get(name)
        if isinstance(value, dict) and isinstance(default, dict) and "arguments" not in value:
            if nested := _differences(value, default):
                changed[name] = nested
        elif value != default:
            changed[name] = value
    return changed
