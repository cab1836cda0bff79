"""Every action of the window: text, icon, shortcut and tooltip in one table; menus and toolbar use them."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.icons import icon


class _Spec(NamedTuple):
    name: str
    text: str
    icon: str
    shortcut: str
    tip: str


_SPECS = (
    _Spec(
        "new_folder", "New from a &folder …", "file-plus", "Ctrl+N", "Look at a folder of pictures and set up training"
    ),
    _Spec("new_empty", "New &empty", "file", "", "Start with all settings at their defaults"),
    _Spec("open", "&Open …", "folder-open", "Ctrl+O", "Open a configuration"),
    _Spec("save", "&Save", "save", "Ctrl+S", "Save the configuration"),
    _Spec("save_as", "Save &as …", "", "Ctrl+Shift+S", "Save the configuration under another name"),
    _Spec("quit", "&Quit", "", "Ctrl+Q", "Close the window"),
    _Spec("undo", "&Undo", "undo-2", "Ctrl+Z", "Take the last change of a setting back"),
    _Spec("redo", "&Redo", "redo-2", "Ctrl+Shift+Z", "Bring the change back"),
    _Spec("start", "&Start", "play", "F5", "Train with the settings on the left"),
    _Spec("pause", "&Pause", "pause", "F6", "Hold after this batch; everything is saved"),
    _Spec("stop", "&Stop after this epoch", "square", "F7", "Finish this epoch, save everything, stop"),
    _Spec("stop_now", "Stop &now", "skip-forward", "Shift+F7", "Finish this batch, save everything, stop"),
    _Spec("discard", "&Discard", "trash-2", "", "Finish this batch and stop without saving"),
    _Spec("continue", "&Continue this run", "rotate-ccw", "F8", "Go on exactly where the shown run stopped"),
    _Spec("run_folder", "Open the run's f&older", "external-link", "", "Show the files of the shown run"),
    _Spec("checkpoint", "Save a check&point", "hard-drive", "", "Save the complete state after this batch and go on"),
    _Spec(
        "check_model",
        "Check &model …",
        "flask-conical",
        "Ctrl+M",
        "Look at shapes, ranges, gradients, time and memory before training",
    ),
    _Spec(
        "find_rate", "&Find learning rate …", "search", "Ctrl+L", "Try rising rates on a fresh model and suggest one"
    ),
    _Spec(
        "show_schedule",
        "Show the &learning rate over training …",
        "chart-line",
        "Ctrl+Shift+L",
        "Draw the schedule before training",
    ),
    _Spec("settings_panel", "&Settings panel", "panel-left", "F9", "Show or hide the settings"),
    _Spec("show_tree", "Settings as &tree", "sliders-horizontal", "Ctrl+T", "Edit the settings in the tree"),
    _Spec("show_yaml", "Settings as &YAML", "code", "Ctrl+E", "Edit the settings as text"),
    _Spec("about", "&About ModelGardener", "info", "", "Version and licence"),
    _Spec("shortcuts", "&Keyboard shortcuts", "list", "F1", "All shortcuts"),
)


class Actions:
    """The window's actions by name, as `actions["start"]`."""

    def __init__(self, window: QWidget) -> None:
        self._actions = {spec.name: _make(spec, window) for spec in _SPECS}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def with_shortcuts(self) -> list[tuple[str, str]]:
        """Text and shortcut of every action that has one."""
        pairs = ((a.text().replace("&", ""), a.shortcut()) for a in self._actions.values())
        native = QKeySequence.SequenceFormat.NativeText
        return [(text, shortcut.toString(native)) for text, shortcut in pairs if not shortcut.isEmpty()]


def _make(spec: _Spec, window: QWidget) -> QAction:
    action = QAction(spec.text, window)
    if spec.icon:
        action.setIcon(icon(spec.icon))
    if spec.shortcut:
        action.setShortcut(QKeySequence(spec.shortcut))
    shortcut = f" ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if spec.shortcut else ""
    action.setToolTip(f"{spec.tip}{shortcut}")
    action.setStatusTip(spec.tip)
    window.addAction(action)
    return action
