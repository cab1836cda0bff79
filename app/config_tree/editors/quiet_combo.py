"""A drop-down list that the mouse wheel cannot change by accident."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolTip

from app.config_tree.editors.field_edit import FIELD_HEIGHT_PX

_LEAST_WIDTH_PX = 60
_ARROW_PX = 28


class QuietCombo(QComboBox):
    """Scrolling the tree over it scrolls the tree."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(FIELD_HEIGHT_PX)
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(20)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._is_cut():
            QToolTip.showText(event.globalPos(), self.currentText(), self)
            return True
        return super().event(event)

    def _is_cut(self) -> bool:
        return self.fontMetrics().horizontalAdvance(self.currentText()) > self.width() - _ARROW_PX

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
