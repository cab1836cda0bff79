"""A line at the top of a page that says something or asks once, without stopping the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from app.theme import theme, theme_changed
from app.widgets.buttons import tool_button
from app.widgets.colors import blend
from app.widgets.labels import IconLabel

_ICONS = {"information": "info", "warning": "triangle-alert", "error": "circle-x"}


class MessageBar(QFrame):
    """Hidden until `say` or `ask`; Escape or the cross closes it and does nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = "information"
        self._action: Callable[[], None] | None = None
        self._icon = IconLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self.button.clicked.connect(self._accept)
        self.decline_button = QPushButton()
        self.decline_button.clicked.connect(self.hide)
        self.dismiss_button = tool_button("x", "Close (Esc)")
        self.dismiss_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        layout.addWidget(self.decline_button)
        layout.addWidget(self.dismiss_button)
        self.setAutoFillBackground(True)
        theme_changed.changed.connect(self._restyle)
        self.hide()

    def say(self, text: str, *, tone: str = "information") -> None:
        """Show a sentence. `tone` is `information`, `warning` or `error`."""
        self._show(text, tone)
        self.button.hide()
        self.decline_button.hide()

    def ask(self, text: str, button_text: str, action: Callable[[], None], *, decline_text: str = "") -> None:
        """Show a question; `action` runs if the button is pressed.

        Args:
            text: The question.
            button_text: Of the button that says yes.
            action: What happens then.
            decline_text: Of a second button, which says no as the cross does; none if empty.
        """
        self._show(text, "warning")
        self._action = action
        self.button.setText(button_text)
        self.button.show()
        self.decline_button.setText(decline_text)
        self.decline_button.setVisible(bool(decline_text))
        (self.decline_button if decline_text else self.button).setFocus()

    def _show(self, text: str, tone: str) -> None:
        self._tone, self._action = tone, None
        self.text.setText(text)
        self._icon.set_icon(_ICONS[tone], tone)
        self._restyle()
        self.show()

    def _accept(self) -> None:
        action, self._action = self._action, None
        self.hide()
        if action is not None:
            action()

    def _restyle(self) -> None:
        colors = theme()
        palette = self.palette()
        tone = getattr(colors, self._tone)
        palette.setColor(QPalette.ColorRole.Window, blend(colors.surface, tone, 0.12))
        self.setPalette(palette)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.isHidden():
            self._action = None
