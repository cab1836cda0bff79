"""The drop-down list of a component: made when it is opened, so that hundreds of functions cost nothing before."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFocusEvent

from app.config_tree.editors.component_choices import Choice
from app.config_tree.editors.quiet_combo import QuietCombo
from app.theme import secondary_font

_Index = QModelIndex | QPersistentModelIndex
_LIST_PADDING_PX, _MOST_LIST_WIDTH_PX = 48, 480
_NUM_MEASURED = 8


class ChoiceModel(QAbstractListModel):
    """Lines to choose from. A tooltip is looked up only when it is to be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[Choice | str] = ()

    def show_lines(self, lines: Sequence[Choice | str]) -> None:
        """Take other lines: choices, headings among them, and plain texts with a meaning of their own."""
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self.label(index.row())
        line = self.lines[index.row()]
        if isinstance(line, Choice):
            if role == Qt.ItemDataRole.ToolTipRole:
                return line.tip
            if role == Qt.ItemDataRole.FontRole and line.is_heading:
                return secondary_font()
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.NoItemFlags if self.is_heading(index.row()) else super().flags(index)

    def label(self, row: int) -> str:
        """What a line says."""
        line = self.lines[row]
        return line.label if isinstance(line, Choice) else line

    def is_heading(self, row: int) -> bool:
        """Whether a line only stands above others."""
        line = self.lines[row] if row < len(self.lines) else ""
        return isinstance(line, Choice) and line.is_heading


class WithoutHeadings(QSortFilterProxyModel):
    """The lines that can be chosen."""

    def filterAcceptsRow(self, row: int, _parent: _Index) -> bool:
        model = self.sourceModel()
        return not (isinstance(model, ChoiceModel) and model.is_heading(row))


class ChoiceCombo(QuietCombo):
    """An editable drop-down list that asks for its lines before they are needed.

    Signals:
        list_wanted: The list is about to be opened, searched by typing, or gone through with the keyboard.
    """

    list_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choices = ChoiceModel()
        self.setModel(self.choices)
        # Or Qt would measure every line before the first paint.
        self.setSizeAdjustPolicy(QuietCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def showPopup(self) -> None:
        self.list_wanted.emit()
        self._widen_list()
        super().showPopup()

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() != Qt.FocusReason.PopupFocusReason:  # the list was open just now
            self.list_wanted.emit()
        super().focusInEvent(event)

    def _widen_list(self) -> None:
        """The list may be wider than the row."""
        metrics = self.fontMetrics()
        labels = map(self.choices.label, range(len(self.choices.lines)))
        longest = heapq.nlargest(_NUM_MEASURED, labels, key=len)
        widest = max(map(metrics.horizontalAdvance, longest), default=0)
        self.view().setMinimumWidth(min(_MOST_LIST_WIDTH_PX, widest + _LIST_PADDING_PX))
