"""A drop-down list that the mouse wheel cannot change by accident."""

from __future__ import annotations

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy

from app.config_tree.editors.field_edit import FIELD_HEIGHT_PX

_LEAST_WIDTH_PX = 60


class QuietCombo(QComboBox):
    """Scrolling the tree over it scrolls the tree."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(FIELD_HEIGHT_PX)
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(20)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
