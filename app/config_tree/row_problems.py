"""Which problem stands under which row."""

from __future__ import annotations

from collections.abc import Iterable

from app.config_tree.rows import Rows
from app.config_tree.setting_item import SettingItem
from trainer.errors import Problem


def show_problems(rows: Rows, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Put every problem under its row, and a mark on the rows around it.

    Returns:
        The problems that belong to no row: the file as a whole, and keys outside every section.
    """
    by_row: dict[str, list[Problem]] = {}
    homeless: list[Problem] = []
    for problem in problems:
        item = rows.nearest(problem.key)
        if item is None:
            homeless.append(problem)
        else:
            by_row.setdefault(item.row.key, []).append(problem)
    marked = _with_rows_around(rows, by_row)
    for item in list(rows.all_items()):
        item.show_problems(by_row.get(item.row.key, ()), holds_problem=item.row.key in marked)
    return tuple(homeless)


def _with_rows_around(rows: Rows, keys: Iterable[str]) -> set[str]:
    marked: set[str] = set()
    for key in keys:
        item: SettingItem | None = rows.find(key)
        while item is not None:
            marked.add(item.row.key)
            item = item.parent()
    return marked
