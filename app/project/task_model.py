"""Choosing a task brings a model that is made for it."""

from __future__ import annotations

from typing import Any

from app.project.edits import component_at, normalized, with_value
from trainer.catalog.catalog import catalog
from trainer.catalog.task_fit import is_for_task
from trainer.config.document import LoadedConfig, load_text
from trainer.config.task import TASKS

_KEY = "model.architecture"


def with_fitting_model(text: str, before: LoadedConfig, task: Any) -> str:
    """`text`, in which the task was just chosen, with a model for it.

    A model that fits stays, and so does the user's own, of which nothing is known.

    Args:
        text: The text with the new task.
        before: What the text held before.
        task: The new task.
    """
    chosen = normalized(component_at(before.values, _KEY), "component")
    if task not in TASKS or task == "custom" or not isinstance(chosen, dict) or chosen.get("file"):
        return text
    entry = catalog().find("model", str(chosen.get("name")))
    if entry is None or is_for_task(entry, task):
        return text
    return with_value(text, load_text(text), _KEY, {"name": TASKS[task].model, "file": None, "arguments": {}})
