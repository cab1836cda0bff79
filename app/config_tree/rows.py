"""Keeps the rows of the tree in step with the project, and carries edits to it.

Values go one way: project to row. Only what a person does in an editor goes the other way, so that no signal of the
tree can ever edit the text.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.config_tree.components_rows import holds_own_values, rows_inside
from app.config_tree.editors.component_editor import ComponentEditor
from app.config_tree.row import HOLDERS, Row, row_of_setting, row_of_unknown_argument
from app.config_tree.row_state import arguments_of, is_active, state_of
from app.config_tree.row_tree import RowTree, walk
from app.config_tree.setting_item import SettingItem
from app.config_tree.setting_parameter import SettingParameter, same_value
from app.project.edits import normalized
from app.project.project import Project
from trainer.config.describe import Setting, describe
from trainer.errors import ConfigError

_OPEN_AT_FIRST = ("project", "data", "model", "training")


class Rows(QObject):
    """All rows by key.

    Signals:
        structure_changed: Rows came or went.
        trial_wanted: Dotted key of a component that a person wants to try out.
        curve_wanted: A person wants to see the learning rate over training.
    """

    structure_changed = Signal()
    trial_wanted = Signal(str)
    curve_wanted = Signal()

    def __init__(self, tree: RowTree, project: Project) -> None:
        super().__init__(tree)
        self._tree = tree
        self._project = project
        self._items: dict[str, SettingItem] = {}
        self._sections: list[SettingParameter] = []
        for setting in describe():
            self._add_section(setting)

    def all_items(self) -> Iterator[SettingItem]:
        """Every row there is at the moment, from top to bottom."""
        return walk(self._tree.top_items())

    def find(self, key: str) -> SettingItem | None:
        """The row of a key, making the rows inside components where needed; `None` for an unknown key."""
        for item in self._chosen_around(key):
            self.build_inside(item)
        return self._items.get(key)

    def nearest(self, key: str) -> SettingItem | None:
        """The row of a key, or of the nearest key around it."""
        while key:
            if item := self.find(key):
                return item
            key = key.rpartition(".")[0]
        return None

    def build_inside(self, item: SettingItem) -> None:
        """Make the rows inside a component or list, or bring them up to date."""
        if item.row.kind not in HOLDERS:
            return
        wanted = rows_inside(self._project, item.row)
        present = [child.row for child in item.setting_children()]
        keep = next((i for i, (a, b) in enumerate(zip(wanted, present, strict=False)) if a != b), None)
        keep = min(len(wanted), len(present)) if keep is None else keep
        if keep == len(wanted) == len(present):
            return
        for child in item.setting_children()[keep:]:
            self._forget(child)
            item.param.removeChild(child.param)
        parameters = [self._parameter(row) for row in wanted[keep:]]
        for parameter in parameters:
            item.param.addChild(parameter)
        for child in walk(item.setting_children()[keep:]):
            self._remember(child)
            self._show(child)
        self.structure_changed.emit()

    def sync(self) -> None:
        """Show what the project holds now."""
        with contextlib.ExitStack() as stack:
            for section in self._sections:
                stack.enter_context(section.treeChangeBlocker())
            for item in list(self.all_items()):
                is_still_there = self._items.get(item.row.key) is item
                if is_still_there and (item.setting_children() or item.isExpanded()):
                    self.build_inside(item)
            for item in list(self.all_items()):
                self._show(item)
        self._tree.order_tabs_soon()  # buttons to reset may have come

    def show_editors(self) -> None:
        """Make the editors of the rows that are to be seen."""
        is_new = False
        for item in list(self._tree.shown_items()):
            is_new = self._connect(item) or is_new
        if is_new:
            self._tree.order_tabs_soon()

    def commit_pending(self) -> None:
        """Hand in what is typed in any row."""
        for item in list(self.all_items()):
            if item.editor is not None:
                item.editor.commit_pending()

    def reset(self, item: SettingItem) -> None:
        """Give a row its default again."""
        with contextlib.suppress(ConfigError):  # unreadable text: the tree is disabled and says so
            self._project.reset(item.row.key)
        self._show_again(item)

    def _add_section(self, setting: Setting) -> None:
        parameter = self._section_parameter(setting)
        self._sections.append(parameter)
        self._tree.addParameters(parameter)
        for item in walk(self._tree.top_items()[-1:]):
            self._remember(item)
            self._show(item)

    def _section_parameter(self, setting: Setting) -> SettingParameter:
        """A section; one that can be switched off is a switch that holds the others."""
        switch = next((child for child in setting.children if child.name == "enabled"), None)
        row = row_of_setting(setting)
        if switch is not None:
            row = replace(row_of_setting(switch), title=setting.title)
        parameter = SettingParameter(row, expanded=setting.key in _OPEN_AT_FIRST)
        for child in setting.children:
            if child.kind == "section":
                parameter.addChild(self._section_parameter(child))
            elif child is not switch:
                parameter.addChild(self._parameter(row_of_setting(child)))
        return parameter

    def _parameter(self, row: Row) -> SettingParameter:
        has_inside = row.kind in HOLDERS
        is_open = row.kind == "group" or (has_inside and holds_own_values(self._project, row))
        parameter = SettingParameter(row, expanded=is_open)
        for member in row.members:
            parameter.addChild(self._parameter(member))
        return parameter

    def _remember(self, item: SettingItem) -> None:
        key = item.row.key
        self._items[key] = item
        if item.row.name == "enabled":
            self._items[key.rpartition(".")[0]] = item
            item.set_can_expand(True)

    def _forget(self, item: SettingItem) -> None:
        for inner in walk([item]):
            self._items.pop(inner.row.key, None)

    def _chosen_around(self, key: str) -> Iterator[SettingItem]:
        """Components and lists on the way to a key, outermost first."""
        parts = key.split(".")
        for length in range(1, len(parts)):
            item = self._items.get(".".join(parts[:length]))
            if item is not None and item.row.kind in HOLDERS:
                yield item

    def _show(self, item: SettingItem) -> None:
        item.show_state(state_of(self._project, item.row), is_active=is_active(self._project, item.row))
        if item.row.kind in HOLDERS:
            item.set_can_expand(bool(item.setting_children() or rows_inside(self._project, item.row)))

    def _show_again(self, item: SettingItem) -> None:
        """After an edit that changed nothing, the editor must not keep what was tried."""
        if self._items.get(item.row.key) is item:
            self._show(item)

    def _connect(self, item: SettingItem) -> bool:
        editor = item.ensure_editor(self._project)
        if editor is None:
            return False
        editor.edited.connect(partial(self._edit, item))
        editor.reset_wanted.connect(partial(self.reset, item))
        if isinstance(editor, ComponentEditor):
            editor.trial_wanted.connect(partial(self.trial_wanted.emit, item.row.key))
            editor.curve_wanted.connect(self.curve_wanted)
        if item.row.is_item:
            editor.remove_wanted.connect(partial(self._remove_item, item))  # type: ignore[attr-defined]
            editor.move_up_wanted.connect(partial(self._move_item_up, item))  # type: ignore[attr-defined]
        return True

    def _edit(self, item: SettingItem, value: Any) -> None:
        if item.row.kind == "new_argument":
            self._add_arguments(item, value)
            return
        self._write(item.row, value)
        self._show_again(item)
        self._open_what_is_new(item, value)

    def _open_what_is_new(self, item: SettingItem, value: Any) -> None:
        """Open a row that was edited where there is something to set now."""
        is_switched_on = item.row.name == "enabled" and value is True
        is_own = isinstance(value, dict) and bool(value.get("file"))
        is_list = item.row.kind == "components" and bool(value)
        if (is_switched_on or is_own or is_list) and item.can_expand:
            item.setExpanded(True)
        if is_list and (inside := item.setting_children()):
            self._open_what_is_new(inside[-1], value[-1])

    def _add_arguments(self, item: SettingItem, values: dict[str, Any] | None) -> None:
        """Arguments by their names; where there are none, the typing stays and a sentence says what is wanted."""
        item.show_note("" if values != {} else "Type a name and a value, such as dropout_rate: 0.3.", "error")
        for name, value in (values or {}).items():
            self._write(row_of_unknown_argument(item.row.parent_key, name), value)
        if values:
            self._show_again(item)
        self._tree.fit_messages()

    def _write(self, row: Row, value: Any) -> None:
        with contextlib.suppress(ConfigError):  # unreadable text: the tree is disabled and says so
            if row.is_argument and same_value(value, normalized(row.default, row.kind)):
                self._project.reset(row.key)
            else:
                self._project.set_value(*self._with_default_around(row, value))

    def _with_default_around(self, row: Row, value: Any) -> tuple[str, Any]:
        """What to set where: an argument of a component that is there only by default brings that along."""
        owner = self._items.get(row.parent_key) if row.is_argument else None
        if owner is None or not owner.row.is_argument or self._project.is_changed(owner.row.key):
            return row.key, value
        component = state_of(self._project, owner.row).value
        if not isinstance(component, dict):
            return row.key, value
        whole = component | {"arguments": arguments_of(component) | {row.name: value}}
        return self._with_default_around(owner.row, whole)

    def _remove_item(self, item: SettingItem) -> None:
        owner, _, index = item.row.key.rpartition(".")
        items = list(self._project.value(owner) or [])
        del items[int(index)]
        self._project.set_value(owner, items)

    def _move_item_up(self, item: SettingItem) -> None:
        owner, _, last = item.row.key.rpartition(".")
        items, index = list(self._project.value(owner) or []), int(last)
        items[index - 1 : index + 1] = [items[index], items[index - 1]]
        self._project.set_value(owner, items)
