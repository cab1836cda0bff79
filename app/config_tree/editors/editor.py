"""What all editors have in common."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app.config_tree.row import Row
from app.icons import icon
from app.project.project import Project
from app.theme import secondary_font

ROW_HEIGHT_PX = 28
_BUTTON_PX = 22


class Editor(QWidget):
    """The right half of a row: controls, unit, and a button to reset.

    Signals:
        edited: A person chose this plain value.
        reset_wanted: A person wants the default back.

    Args:
        row: What is edited.
        project: Only asked for what paths and files are relative to.
    """

    edited = Signal(object)
    reset_wanted = Signal()

    def __init__(self, row: Row, project: Project) -> None:
        super().__init__()
        self.row = row
        self.project = project
        self.value: Any = None
        self.reset_button: QToolButton | None = None
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(0, 0, 6, 0)
        self._box.setSpacing(4)
        self.setFixedHeight(ROW_HEIGHT_PX)
        self.build()
        if row.unit:
            self._box.addWidget(grey_label(row.unit), 1)

    def build(self) -> None:
        """Make the controls; once."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show a value, fitting or not, without changing it."""
        raise NotImplementedError

    def commit_pending(self) -> None:
        """Hand in what is typed but not yet handed in."""

    def show_state(self, value: Any, *, is_changed: bool) -> None:
        """Show a value, and whether it can be reset."""
        self.value = value
        self.show_value(value)
        if is_changed and self.reset_button is None:
            self.reset_button = self.add_button("rotate-ccw", "Reset to the default", self.reset_wanted.emit)
        if self.reset_button is not None:
            self.reset_button.setVisible(is_changed)

    def tab_stops(self) -> list[QWidget]:
        """The controls that Tab goes through, from left to right."""
        places = [self._box.itemAt(position) for position in range(self._box.count())]
        widgets = [place.widget() for place in places if place is not None]
        return [widget for widget in widgets if widget is not None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus]

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put a control at the right end; the first one takes the focus for the row."""
        if self.focusProxy() is None:
            self.setFocusProxy(widget)
        self._box.addWidget(widget, stretch)

    def add_stretch(self) -> None:
        """Leave the rest of the row empty."""
        self._box.addStretch(1)

    def add_button(self, icon_name: str, tooltip: str, action: Any) -> QToolButton:
        """Put a small button at the right end."""
        button = QToolButton(self)
        button.setIcon(icon(icon_name, "secondary_text"))
        button.setIconSize(QSize(14, 14))
        button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        button.setAutoRaise(True)
        button.setToolTip(tooltip)
        button.setAccessibleName(tooltip)
        button.clicked.connect(action)
        self._box.addWidget(button)
        return button


def grey_label(text: str) -> QLabel:
    """Small grey text beside a control; follows the palette."""
    label = QLabel(text)
    label.setFont(secondary_font())
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
