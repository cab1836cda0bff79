"""Which rows are to be seen: basic or all, and those that a search finds."""

from __future__ import annotations

from typing import Any

from app.config_tree.editors.component_choices import entry_of
from app.config_tree.setting_item import SettingItem
from app.project.project import Project
from trainer.config.task import TASKS


class RowFilter:
    """Decides for every row, from the search text and the level.

    Attributes:
        show_all: Whether advanced rows are shown as well.
        forced: Keys of rows that are shown in any case, because someone jumped to them.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.words: tuple[str, ...] = ()
        self.show_all = False
        self.forced: set[str] = set()
        self._task: Any = None

    def set_search(self, text: str) -> None:
        """Look for rows that hold all words of a text."""
        self.words = tuple(text.lower().split())

    def apply(self, items: list[SettingItem]) -> bool:
        """Show and hide rows; open those that hold what a search found. Gives whether any row is left."""
        self._task = self._project.value("project.task")
        shown = [self._apply(item, is_wanted=False) for item in items]  # all of them, not up to the first
        return any(shown)

    def _apply(self, item: SettingItem, *, is_wanted: bool) -> bool:
        matches = bool(self.words) and self._matches(item)
        inside = [self._apply(child, is_wanted=is_wanted or matches) for child in item.setting_children()]
        visible = any(inside) or is_wanted or matches if self.words else self._is_shown(item, any(inside))
        if item.isHidden() == visible:
            item.setHidden(not visible)
        if self.words and any(inside):
            item.setExpanded(True)
        return visible

    def _is_shown(self, item: SettingItem, has_shown_rows: bool) -> bool:
        if item.row.is_heading:
            return has_shown_rows or bool(item.problems)
        is_changed = item.state is not None and item.state.is_changed
        is_special = is_changed or item.holds_problem or item.row.key in self.forced
        if item.row.tasks and self._task in TASKS and self._task not in item.row.tasks:
            return is_special
        return self.show_all or not item.row.advanced or is_special

    def _matches(self, item: SettingItem) -> bool:
        text = item.row.search_text()
        if all(word in text for word in self.words):
            return True
        if item.row.kind != "component" or item.setting_children():
            return False
        entry = entry_of(item.row.component, item.state.value if item.state else None, self._project.base_dir)
        names = "\n".join(argument.name for argument in entry.arguments) if entry is not None else ""
        return all(word in text or word in names or word in names.replace("_", " ") for word in self.words)
