"""Buttons with an icon, made the same way everywhere."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QToolButton

from app.icons import icon


def tool_button(icon_name: str, tooltip: str) -> QToolButton:
    """A small button of an icon alone; the tooltip says what it does and its shortcut."""
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip)
    return button


def push_button(icon_name: str, text: str, *, color: str | None = None) -> QPushButton:
    """A button of an icon and a verb."""
    button = QPushButton(icon(icon_name, color), text)
    button.setAccessibleName(text)
    set_button_text(button, text)
    return button


def set_button_text(button: QPushButton, text: str) -> None:
    """Change the words; Qt alone would set them right against the icon."""
    button.setText(f" {text}")
