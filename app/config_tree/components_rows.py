"""The rows inside a component or a list of components, made when they are first looked at."""

from __future__ import annotations

from collections.abc import Iterable

from app.config_tree.editors.component_choices import entry_of
from app.config_tree.row import (
    Row,
    row_of_argument,
    row_of_group,
    row_of_item,
    row_of_new_argument,
    row_of_unknown_argument,
)
from app.config_tree.row_state import arguments_of, state_of
from app.project.project import Project
from trainer.catalog.entry import Argument


def rows_inside(project: Project, row: Row) -> tuple[Row, ...]:
    """Arguments and groups of a component, items of a list; none for every other row."""
    if row.kind == "components":
        value = state_of(project, row).value
        return tuple(row_of_item(row, index) for index in range(len(value))) if isinstance(value, list) else ()
    if row.kind != "component":
        return ()
    value = state_of(project, row).value
    component = value if isinstance(value, dict) else None
    entry = entry_of(row.component, component, project.base_dir)
    known = entry.arguments if entry is not None else ()
    names = {argument.name for argument in known}
    return (
        *_in_groups(row.key, known),
        *((row_of_new_argument(row.key),) if entry is not None and entry.file and entry.takes_any_argument else ()),
        *(row_of_unknown_argument(row.key, name) for name in arguments_of(component) if name not in names),
    )


def _in_groups(owner: str, arguments: Iterable[Argument]) -> tuple[Row, ...]:
    """Arguments without a group first, as they come; then each group under its heading."""
    grouped: dict[str, list[Row]] = {}
    for argument in arguments:
        grouped.setdefault(argument.group, []).append(row_of_argument(owner, argument))
    alone = grouped.pop("", [])
    return (*alone, *(row_of_group(owner, group, tuple(members)) for group, members in grouped.items()))


def holds_own_values(project: Project, row: Row) -> bool:
    """Whether the rows inside hold something the text gives, so that they are worth showing at once."""
    value = state_of(project, row).value
    if row.kind == "components":
        return bool(value)
    return bool(arguments_of(value if isinstance(value, dict) else None))
