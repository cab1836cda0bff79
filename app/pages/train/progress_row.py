"""Epoch, batches, speed and times while a run trains."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.pages.train.progress import ProgressFigures
from app.theme import figure_font
from app.widgets.labels import SecondaryLabel, show_steadily

_BAR_HEIGHT_PX = 6
_USUAL_ACTIVITY = "validating"


class ProgressRow(QWidget):
    """One row of figures with captions; the bar shows the batches of the epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.setAutoFillBackground(True)  # as in the view around it
        self.epoch = _Figure("epoch", is_large=True)
        self.speed = _Figure("samples/s", least_characters=9)
        self.remaining = _Figure("left", least_characters=9)
        self.elapsed = _Figure("elapsed", least_characters=9)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_HEIGHT_PX)
        self.batches = SecondaryLabel()
        self.activity = SecondaryLabel()
        self.activity.setAlignment(Qt.AlignmentFlag.AlignRight)
        texts = QHBoxLayout()
        texts.addWidget(self.batches)
        texts.addStretch(1)
        texts.addWidget(self.activity)
        middle = QVBoxLayout()
        middle.setSpacing(4)
        middle.addStretch(1)
        middle.addWidget(self.bar)
        middle.addLayout(texts)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addWidget(self.epoch)
        layout.addLayout(middle, 1)
        for figure in (self.speed, self.remaining, self.elapsed):
            layout.addWidget(figure)

    def show_figures(self, figures: ProgressFigures) -> None:
        """Show where training stands."""
        self.epoch.set_text(figures.epoch)
        self.bar.setRange(0, max(1, figures.total))
        self.bar.setValue(min(figures.done, max(1, figures.total)))
        batches, all_batches = (f"batch {done:,} of {figures.total:,}" for done in (figures.done, figures.total))
        show_steadily(self.batches, batches if figures.total else "", all_batches)
        show_steadily(self.activity, figures.activity, _USUAL_ACTIVITY)
        self.speed.set_text(figures.speed)
        self.remaining.set_text(figures.remaining)
        self.elapsed.set_text(figures.elapsed)


class _Figure(QWidget):
    def __init__(self, caption: str, *, is_large: bool = False, least_characters: int = 0) -> None:
        super().__init__()
        self.value = QLabel()
        self._widest = "0" * least_characters
        if is_large:
            self.value.setFont(figure_font())
        side = Qt.AlignmentFlag.AlignLeft if is_large else Qt.AlignmentFlag.AlignRight
        self.value.setAlignment(side | Qt.AlignmentFlag.AlignBottom)
        self.set_text("")
        label = SecondaryLabel(caption)
        label.setAlignment(side)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addStretch(1)
        layout.addWidget(self.value, 0, side)
        layout.addWidget(label)

    def set_text(self, text: str) -> None:
        show_steadily(self.value, text or "–", self._widest)
