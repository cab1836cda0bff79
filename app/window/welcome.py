"""The first thing a person sees: the ways to begin."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.icons import app_icon, icon
from app.theme import figure_font, theme, theme_changed
from app.widgets.labels import ElidedLabel, SecondaryLabel
from trainer.data.samples.sample_list import SAMPLES

_WIDTH_PX = 856
_SAMPLE_ICONS = {
    "cells": "layers",
    "shape_boxes": "target",
    "wine": "table",
    "diabetes": "chart-line",
}
"""Icons of samples that are not just pictures of classes."""


class Welcome(QWidget):
    """Sample, folder, open, recent.

    Signals:
        sample_chosen: Name of a sample data set.
        folder_wanted: Choose a folder of pictures.
        open_wanted: Choose a configuration.
        file_chosen: Path of a configuration opened before.
    """

    sample_chosen = Signal(str)
    folder_wanted = Signal()
    open_wanted = Signal()
    file_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, QPushButton] = {}
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addLayout(self._heading())
        column.addSpacing(16)
        column.addWidget(_caption("Begin"))
        column.addLayout(self._begin_cards())
        column.addSpacing(16)
        column.addWidget(_caption("Or try a sample"))
        column.addLayout(self._sample_cards())
        column.addSpacing(16)
        self._recent_caption = _caption("Recent")
        column.addWidget(self._recent_caption)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        column.addStretch(3)
        inner = QWidget()
        inner.setLayout(column)
        inner.setFixedWidth(_WIDTH_PX)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(inner, 8, Qt.AlignmentFlag.AlignHCenter)
        theme_changed.changed.connect(self._restyle)
        self._restyle()

    def show_recent(self, paths: list[Path]) -> None:
        """List configurations opened before, newest first."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        existing = [path for path in paths if path.is_file()][:6]
        self._recent_caption.setVisible(bool(existing))
        for path in existing:
            self._recent.addWidget(self._recent_row(path))

    def _heading(self) -> QHBoxLayout:
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(48, 48)))
        title = QLabel("ModelGardener")
        font = QFont(figure_font())
        font.setPixelSize(26)
        font.setBold(True)
        title.setFont(font)
        sentence = SecondaryLabel("Train a network on your own data: choose it, press Start, watch it learn.")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        words.addWidget(sentence)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(picture)
        row.addLayout(words, 1)
        return row

    def _begin_cards(self) -> QGridLayout:
        sentence = "Pictures in class folders, with masks or boxes, or tables: it is looked at first."
        return self._cards(
            [
                ("folder", "folder-open", "New from a folder …", sentence),
                ("open", "file", "Open a configuration …", "A YAML file that was saved before."),
            ],
            num_columns=2,
        )

    def _sample_cards(self) -> QGridLayout:
        return self._cards(
            [
                (f"sample:{sample.name}", _SAMPLE_ICONS.get(sample.name, "images"), sample.title, sample.sentence)
                for sample in SAMPLES
            ],
            num_columns=3,
        )

    def _cards(self, specs: list[tuple[str, str, str, str]], num_columns: int) -> QGridLayout:
        """Cards of (name, icon, title, sentence), line by line."""
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, (name, icon_name, title, sentence) in enumerate(specs):
            card = _Card(icon_name, title, sentence)
            card.clicked.connect(lambda _=False, name=name: self._choose(name))
            self.cards[name] = card
            grid.addWidget(card, number // num_columns, number % num_columns)
        for column in range(num_columns):
            grid.setColumnStretch(column, 1)
        return grid

    def _choose(self, name: str) -> None:
        if name.startswith("sample:"):
            self.sample_chosen.emit(name.removeprefix("sample:"))
        elif name == "folder":
            self.folder_wanted.emit()
        else:
            self.open_wanted.emit()

    def _recent_row(self, path: Path) -> QPushButton:
        row = QPushButton(icon("file"), path.name)
        row.setFlat(True)
        row.setToolTip(str(path))
        row.setStyleSheet("text-align: left; border: none; padding: 4px 8px;")
        row.clicked.connect(lambda: self.file_chosen.emit(path))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(260, 0, 8, 0)
        where = ElidedLabel(str(path.parent))
        where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        where.setEnabled(False)
        layout.addWidget(where)
        return row

    def _restyle(self) -> None:
        colors = theme()
        sheet = (
            f"_Card {{ text-align: left; background: {colors.surface.name()}; border: 1px solid {colors.border.name()};"
            f" border-radius: 6px; padding: 0;"
            f" min-height: 74px; max-height: 74px; }} _Card:hover {{ border-color: {colors.accent.name()}; }}"
            f" _Card:focus {{ border: 2px solid {colors.accent.name()}; }}"
        )
        self.setStyleSheet(sheet)


class _Card(QPushButton):
    """A large button with an icon, a title and a sentence."""

    def __init__(self, icon_name: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        picture = QLabel()
        picture.setPixmap(icon(icon_name, "accent").pixmap(QSize(28, 28)))
        self._picture, self._icon_name = picture, icon_name
        heading = QLabel(title)
        font = QFont(heading.font())
        font.setBold(True)
        heading.setFont(font)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch()
        words.addWidget(heading)
        line = SecondaryLabel(sentence)
        line.setWordWrap(True)
        words.addWidget(line)
        words.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setSpacing(14)
        layout.addWidget(picture)
        layout.addLayout(words, 1)
        for label in self.findChildren(QLabel):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme_changed.changed.connect(self._retint)

    def _retint(self) -> None:
        self._picture.setPixmap(icon(self._icon_name, "accent").pixmap(QSize(28, 28)))


def _caption(text: str) -> QLabel:
    label = SecondaryLabel(text)
    font = QFont(label.font())
    font.setBold(True)
    label.setFont(font)
    return label
