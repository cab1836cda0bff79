"""What a page shows while it has nothing: one sentence and the button that fills it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.widgets.buttons import push_button
from app.widgets.labels import IconLabel, SecondaryLabel


class EmptyState(QWidget):
    """A sentence and a button in the middle of the page."""

    activated = Signal()

    def __init__(self, sentence: str, button_text: str, *, icon_name: str, button_icon: str) -> None:
        super().__init__()
        picture = IconLabel(48)
        picture.set_icon(icon_name, "border")
        self.sentence = SecondaryLabel(sentence)
        self.sentence.setFont(self.font())
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setWordWrap(True)
        self.button = push_button(button_icon, button_text, color="accent")
        self.button.clicked.connect(self.activated)
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        layout.addStretch(2)
        layout.addWidget(picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.sentence)
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def add_link(self, text: str, action: Callable[[], None]) -> None:
        """Offer a second, quieter way below the button."""
        link = QPushButton(text)
        link.setFlat(True)
        link.setStyleSheet("QPushButton { border: none; background: transparent; text-decoration: underline; }")
        link.clicked.connect(action)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.count() - 1, link, alignment=Qt.AlignmentFlag.AlignHCenter)
