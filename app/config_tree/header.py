"""The search field and the switch between basic and all settings."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from app.icons import icon

_HEIGHT_PX = 28


class SearchField(QLineEdit):
    """Escape empties it; Down goes to the rows."""

    left_downwards = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            self.left_downwards.emit()
        else:
            super().keyPressEvent(event)


class Header(QWidget):
    """The line above the rows.

    Signals:
        searched: Another text is searched for; empty for none.
        level_changed: Whether all settings are wanted.
    """

    searched = Signal(str)
    level_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = SearchField()
        self.search.setFixedHeight(_HEIGHT_PX)
        self.search.setPlaceholderText("Search settings")
        self.search.setToolTip("Search names, keys and descriptions (Ctrl+F)")
        self.search.addAction(icon("search", "secondary_text"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.searched)
        self.level = QToolButton()
        self.level.setCheckable(True)
        self.level.setIcon(icon("sliders-horizontal"))
        self.level.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.level.setText("All")
        self.level.setFixedHeight(_HEIGHT_PX)
        self.level.setToolTip("Show all settings, advanced ones too")
        self.level.toggled.connect(self.level_changed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self.search, 1)
        layout.addWidget(self.level)

    def add_search_shortcut(self, owner: QWidget) -> None:
        """Ctrl+F anywhere inside a widget goes to the search field."""
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), owner)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.start_search)

    def start_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()
