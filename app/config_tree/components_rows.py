"""The rows inside a component or a list of components, made when they are first looked at."""

from __future__ import annotations

from app.config_tree.editors.component_choices import entry_of
from app.config_tree.row import Row, row_of_argument, row_of_item, row_of_unknown_argument
from app.config_tree.row_state import arguments_at, component_value
from app.project.project import Project


def rows_inside(project: Project, row: Row) -> tuple[Row, ...]:
    """Arguments of a component, items of a list; none for every other row."""
    if row.kind == "components":
        value = project.value(row.key)
        return tuple(row_of_item(row, index) for index in range(len(value))) if isinstance(value, list) else ()
    if row.kind != "component":
        return ()
    entry = entry_of(row.component, component_value(project, row.key), project.base_dir)
    known = entry.arguments if entry is not None else ()
    names = {argument.name for argument in known}
    given = arguments_at(project, row.key)
    return (
        *(row_of_argument(row.key, argument) for argument in known),
        *(row_of_unknown_argument(row.key, name) for name in given if name not in names),
    )


def holds_own_values(project: Project, row: Row) -> bool:
    """Whether the rows inside hold something the text gives, so that they are worth showing at once."""
    if row.kind == "components":
        return bool(project.value(row.key))
    return bool(arguments_at(project, row.key))
