"""What a row shows now, read from the project; nothing is ever written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.config_tree.row import Row
from app.project.edits import component_at, normalized
from app.project.project import Project


@dataclass(frozen=True, slots=True)
class RowState:
    """A row's value, and whether it differs from its default."""

    value: Any
    is_changed: bool


def state_of(project: Project, row: Row) -> RowState:
    """The state of a row of any kind."""
    if row.is_heading:
        return RowState(None, False)
    if row.is_argument:
        arguments = arguments_at(project, row.parent_key)
        return RowState(normalized(arguments.get(row.name, row.default), row.kind), row.name in arguments)
    value = normalized(project.value(row.key), row.kind)
    return RowState(value, not row.is_item and project.is_changed(row.key))


def arguments_of(component: Any) -> dict[str, Any]:
    """Arguments of a component in its long form; empty for anything else."""
    arguments = component.get("arguments") if isinstance(component, dict) else None
    return arguments if isinstance(arguments, dict) else {}


def arguments_at(project: Project, key: str) -> dict[str, Any]:
    """Arguments that the text gives to the component at a key."""
    return arguments_of(normalized(project.value(key), "component"))


def is_active(project: Project, row: Row) -> bool:
    """Whether a row matters now: its section is switched on and its own condition holds."""
    section = row.key.rpartition(".")[0]
    if row.is_argument or row.is_item:
        return True
    if row.name != "enabled" and component_at({}, f"{section}.enabled") is not None:
        return project.value(f"{section}.enabled") is not False
    if row.visible_when is not None:
        sibling, wanted = row.visible_when
        return bool(project.value(f"{section}.{sibling}") == wanted)
    return True
