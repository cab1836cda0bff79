"""The left side of the window: search, rows, and what is wrong with them."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.config_tree.editors.editor import grey_label
from app.config_tree.expansion import Expansion
from app.config_tree.filter import RowFilter
from app.config_tree.header import Header
from app.config_tree.row_menu import show_row_menu
from app.config_tree.row_problems import show_problems
from app.config_tree.row_tree import RowTree
from app.config_tree.rows import Rows
from app.config_tree.setting_item import SettingItem
from app.project.project import Project
from app.widgets.message_bar import MessageBar
from trainer.errors import Problem

_LEVEL_KEY = "config_tree/show_all"


class ConfigTree(QWidget):
    """All settings of a project as rows. Showing never edits; every edit is one undo step of the project.

    Signals:
        yaml_wanted: A person wants to see this key in the YAML view.
        trial_wanted: A person wants to try the component at this key out.
        curve_wanted: A person wants to see the learning rate over training.
        finder_wanted: A person wants to have a learning rate found.

    Args:
        project: What is shown and edited.
        settings: Where the level and the open rows are remembered.
    """

    yaml_wanted = Signal(str)
    trial_wanted = Signal(str)
    curve_wanted = Signal()
    finder_wanted = Signal()

    def __init__(self, project: Project, settings: QSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self._settings = settings if settings is not None else QSettings()
        self.header = Header()
        self.bar = MessageBar()
        self.bar.dismiss_button.hide()
        self.tree = RowTree()
        self.rows = Rows(self.tree, project)
        self._nothing_found = self._make_nothing_found()
        self._filter = RowFilter(project)
        self._filter.show_all = self._settings.value(_LEVEL_KEY, False, bool) is True
        self.header.level.setChecked(self._filter.show_all)
        self._expansion = Expansion(self.tree, self._settings)
        self._expansion.restore()
        self._lay_out()
        self._connect()
        self._sync()

    def jump_to(self, key: str) -> None:
        """Show the row of a key, or of the nearest one around it, and put the cursor there."""
        item = self.rows.nearest(key)
        if item is None:
            return
        self.header.search.clear()
        self._filter.forced.add(item.row.key)
        self._open_rows_around(item)
        self._refilter()
        self.tree.scrollToItem(item, RowTree.ScrollHint.PositionAtCenter)
        self.tree.setCurrentItem(item)
        if item.editor is not None:
            item.setFocus()
        else:
            self.tree.setFocus()

    def show_note(self, key: str, text: str, tone: str, details: str = "") -> None:
        """Say something under the row of a key, in one of the theme's colours; nothing if there is no such row."""
        item = self.rows.find(key)
        if item is not None:
            item.show_note(text, tone, details)
            self.tree.fit_messages()

    def start_search(self) -> None:
        """Put the cursor into the search field."""
        self.header.start_search()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.bar)
        layout.addWidget(self._nothing_found)
        layout.addWidget(self.tree, 1)

    def _make_nothing_found(self) -> QLabel:
        label = grey_label("")
        label.setContentsMargins(12, 8, 12, 8)
        label.setWordWrap(True)
        label.hide()
        return label

    def _connect(self) -> None:
        self.header.searched.connect(self._search)
        self.header.level_changed.connect(self._set_level)
        self.header.search.left_downwards.connect(self._enter_rows)
        self.header.add_search_shortcut(self)
        self.tree.itemExpanded.connect(self._open)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(lambda where: show_row_menu(self, where))
        self.rows.structure_changed.connect(self._refilter)
        self.rows.trial_wanted.connect(self.trial_wanted)
        self.rows.curve_wanted.connect(self.curve_wanted)
        self.project.functions.changed.connect(self._sync)
        self.project.changed.connect(self._sync)
        self.project.problems_changed.connect(self._show_problems)
        self.project.path_changed.connect(self._forget_jumps)
        self.project.pending_edits_wanted.connect(self.rows.commit_pending)

    def _sync(self) -> None:
        self.tree.setEnabled(self.project.is_readable)
        with self._expansion.quiet():
            self.rows.sync()
        self._show_problems()

    def _show_problems(self) -> None:
        with self._expansion.quiet():
            homeless = show_problems(self.rows, map(self._with_short_paths, self.project.problems))
        self._say(homeless)
        self._refilter()

    def _with_short_paths(self, problem: Problem) -> Problem:
        """Files beside the project are named from there: rows are narrow."""
        return dataclasses.replace(problem, message=problem.message.replace(f"{self.project.base_dir}/", ""))

    def _say(self, problems: tuple[Problem, ...]) -> None:
        if not problems:
            self.bar.hide()
            return
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        hint = "" if self.project.is_readable else " The rows show the last readable values; correct the YAML to go on."
        text = str(problems[0])
        self.bar.say(f"{text[:1].upper()}{text[1:]}{more}{hint}", tone="error")
        self.bar.dismiss_button.hide()

    def _search(self, text: str) -> None:
        was_searching = bool(self._filter.words)
        self._filter.set_search(text)
        self._refilter()
        if was_searching and not self._filter.words:
            self._expansion.restore()
            self._refilter()

    def _refilter(self) -> None:
        with self._expansion.quiet():
            has_rows = self._filter.apply(self.tree.top_items())
        self._nothing_found.setVisible(not has_rows)
        if not has_rows:
            self._nothing_found.setText(f"No setting matches “{self.header.search.text()}”.")
        self.rows.show_editors()
        self.tree.fit_messages()

    def _set_level(self, show_all: bool) -> None:
        self._filter.show_all = show_all
        self._filter.forced.clear()
        self._settings.setValue(_LEVEL_KEY, show_all)
        self._refilter()

    def _open(self, item: SettingItem) -> None:
        self.rows.build_inside(item)
        self._refilter()

    def _open_rows_around(self, item: SettingItem) -> None:
        with self._expansion.quiet():
            around = item.parent()
            while around is not None:
                around.setExpanded(True)
                around = around.parent()

    def _enter_rows(self) -> None:
        for item in self.tree.shown_items():
            if item.isFocusable():
                item.setFocus()
                return

    def _forget_jumps(self) -> None:
        self._filter.forced.clear()
        self._refilter()
