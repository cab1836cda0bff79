"""The menu bar and the one toolbar row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton

from app.icons import icon
from app.theme import ThemeMode, theme_mode
from app.window.actions import Actions
from app.window.run_status import RunStatus
from trainer.data.samples.sample_list import SAMPLES

if TYPE_CHECKING:
    from app.main_window import MainWindow


def build_toolbar(window: MainWindow, actions: Actions, run_status: RunStatus) -> QToolBar:
    """Make the toolbar: files, the three run buttons, the run's state."""
    bar = QToolBar("Toolbar", window)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(18, 18))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    new = _menu_button(bar, actions["new_folder"], "New", "New project")
    new.setMenu(_new_menu(window, actions))
    for name in ("open", "save"):
        bar.addAction(actions[name])
    bar.addSeparator()
    for name, text in (("start", "Start"), ("pause", "Pause")):
        actions[name].setIconText(text)
        bar.addAction(actions[name])
        button = bar.widgetForAction(actions[name])
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    actions["pause"].changed.connect(lambda: _short_pause_text(actions["pause"]))
    stop = _menu_button(bar, actions["stop"], "Stop", "Stop")
    menu = QMenu(stop)
    menu.addActions([actions["stop"], actions["stop_now"], actions["discard"]])
    stop.setMenu(menu)
    bar.addSeparator()
    bar.addWidget(run_status)
    window.addToolBar(bar)
    return bar


def _short_pause_text(action: QAction) -> None:
    text = action.text().replace("&", "")
    if action.iconText() != text:
        action.setIconText(text)


def _menu_button(bar: QToolBar, action: QAction, text: str, name: str) -> QToolButton:
    action.setIconText(text)
    button = QToolButton(bar)
    button.setDefaultAction(action)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(name)
    bar.addWidget(button)
    return button


def _new_menu(window: MainWindow, actions: Actions) -> QMenu:
    menu = QMenu("&New", window)
    menu.setIcon(icon("file-plus"))
    menu.addAction(actions["new_folder"])
    samples = menu.addMenu(icon("images"), "New from a &sample")
    for sample in SAMPLES:
        action = samples.addAction(sample.title)
        action.setToolTip(sample.sentence)
        action.triggered.connect(lambda _=False, name=sample.name: window.files.new_from_sample(name))
    menu.addAction(actions["new_empty"])
    return menu


def build_menus(window: MainWindow, actions: Actions) -> None:
    """Fill the menu bar."""
    bar = window.menuBar()
    file_menu = bar.addMenu("&File")
    file_menu.addMenu(_new_menu(window, actions))
    file_menu.addAction(actions["open"])
    file_menu.addMenu(_recent_menu(window, file_menu))
    file_menu.addSeparator()
    file_menu.addActions([actions["save"], actions["save_as"]])
    file_menu.addSeparator()
    file_menu.addAction(actions["quit"])
    bar.addMenu("&Edit").addActions([actions["undo"], actions["redo"]])
    run_menu = bar.addMenu("&Run")
    run_menu.addActions([actions["start"], actions["pause"]])
    run_menu.addActions([actions["stop"], actions["stop_now"], actions["discard"]])
    run_menu.addSeparator()
    run_menu.addActions([actions["checkpoint"], actions["continue"], actions["run_folder"]])
    run_menu.addSeparator()
    run_menu.addActions([actions["check_model"], actions["find_rate"], actions["show_schedule"]])
    _fill_view_menu(window, bar.addMenu("&View"), actions)
    bar.addMenu("&Help").addActions([actions["shortcuts"], actions["about"]])


def _recent_menu(window: MainWindow, parent: QMenu) -> QMenu:
    menu = QMenu("Open &recent", parent)

    def fill() -> None:
        menu.clear()
        for path in window.recent.paths():
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: window.files.open(path))
        if menu.isEmpty():
            menu.addAction("No file yet").setEnabled(False)

    menu.setToolTipsVisible(True)
    menu.aboutToShow.connect(fill)
    return menu


def _fill_view_menu(window: MainWindow, menu: QMenu, actions: Actions) -> None:
    for number in range(window.pages.count()):
        action = menu.addAction(window.pages.tabIcon(number), window.pages.tabText(number))
        action.setShortcut(f"Ctrl+{number + 1}")
        action.triggered.connect(lambda _=False, number=number: window.show_page(number))
    menu.addSeparator()
    menu.addActions([actions["settings_panel"], actions["show_tree"], actions["show_yaml"]])
    menu.addSeparator()
    group = QActionGroup(menu)
    modes: tuple[tuple[ThemeMode, str, str], ...] = (
        ("system", "As the system", "monitor"),
        ("light", "Light", "sun"),
        ("dark", "Dark", "moon"),
    )
    for mode, text, icon_name in modes:
        action = menu.addAction(icon(icon_name), text)
        action.setCheckable(True)
        action.setChecked(theme_mode() == mode)
        action.triggered.connect(lambda _=False, mode=mode: window.set_theme(mode))
        group.addAction(action)
