"""What a right click on a row offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app.config_tree.editors.component_editor import ComponentEditor
from app.config_tree.row import readable
from app.config_tree.setting_item import SettingItem
from app.icons import icon

if TYPE_CHECKING:
    from app.config_tree.tree import ConfigTree


def show_row_menu(view: ConfigTree, where: QPoint) -> None:
    """Open the menu of the row at a point of the tree's viewport."""
    item = view.tree.itemAt(where)
    if not isinstance(item, SettingItem):
        return
    menu = row_menu(view, item)
    menu.popup(view.tree.viewport().mapToGlobal(where))


def row_menu(view: ConfigTree, item: SettingItem) -> QMenu:
    """The menu of one row; it deletes itself when it closes."""
    menu = QMenu(view)
    menu.aboutToHide.connect(menu.deleteLater)
    key = item.row.key
    reset = menu.addAction(icon("rotate-ccw"), "Reset to the default")
    reset.setEnabled(item.state is not None and item.state.is_changed)
    reset.triggered.connect(lambda: view.rows.reset(item))
    copy = menu.addAction(icon("copy"), f"Copy “{key}”")
    copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(key))
    for text, icon_name, action in _special(view, item):
        menu.addAction(icon(icon_name), text).triggered.connect(lambda _=False, action=action: action())
    show = menu.addAction(icon("code"), "Show in YAML")
    show.triggered.connect(lambda: view.yaml_wanted.emit(key))
    return menu


def _special(view: ConfigTree, item: SettingItem) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """What only some rows offer: text, icon, and what it does."""
    row, editor = item.row, item.editor
    if row.key == "training.initial_learning_rate":
        yield "Find learning rate…", "search", view.finder_wanted.emit
    if row.key == "training.learning_rate_schedule":
        yield "Show the learning rate over training", "chart-line", view.curve_wanted.emit
    if not isinstance(editor, ComponentEditor) or row.kind != "component":
        return
    if isinstance(editor.value, dict):
        yield "Try it on one batch", "flask-conical", lambda: view.trial_wanted.emit(row.key)
    for name in editor.presets:
        yield f"Preset: {readable(name)}", "sliders-horizontal", partial(editor.apply_preset, name)
    if item.note is not None and item.note.details:
        details = item.note.details
        yield "Copy what the trial said", "copy", lambda: QGuiApplication.clipboard().setText(details)
