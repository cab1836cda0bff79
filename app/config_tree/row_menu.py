"""What a right click on a row offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

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
    show = menu.addAction(icon("code"), "Show in YAML")
    show.triggered.connect(lambda: view.yaml_wanted.emit(key))
    return menu
