"""Runs as a Qt table that sorts and filters."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QIcon

from app.icons import icon
from app.pages.runs.columns import Column, columns_for
from trainer.runs.state import Status
from trainer.runs.store import RunSummary

SUMMARY_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex
_ICONS = {
    Status.STARTING: ("hourglass", "information"),
    Status.RUNNING: ("circle-dot", "accent"),
    Status.PAUSED: ("pause", "information"),
    Status.STOPPING: ("hourglass", "information"),
    Status.COMPLETED: ("circle-check", "accent"),
    Status.STOPPED: ("square", "secondary_text"),
    Status.FAILED: ("circle-x", "error"),
    Status.LOST: ("triangle-alert", "warning"),
}


@functools.cache
def status_icon(status: Status) -> QIcon:
    """The icon of a status in its colour."""
    return icon(*_ICONS[status])


class RunTableModel(QAbstractTableModel):
    """One row per run. `update_runs` changes only what differs, so a selection stays where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: list[Column] = columns_for([])
        self._runs: list[RunSummary] = []

    @property
    def runs(self) -> list[RunSummary]:
        """What is in the table, in no particular order."""
        return self._runs

    def update_runs(self, summaries: list[RunSummary]) -> None:
        """Add these runs, or replace them where they are known."""
        self._update_columns([*self._runs, *summaries])
        rows = {run.path: row for row, run in enumerate(self._runs)}
        new = []
        for summary in summaries:
            row = rows.get(summary.path)
            if row is None:
                new.append(summary)
            elif self._runs[row] != summary:
                self._runs[row] = summary
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))
        if new:
            self.beginInsertRows(QModelIndex(), len(self._runs), len(self._runs) + len(new) - 1)
            self._runs += new
            self.endInsertRows()

    def keep_only(self, paths: set[Path]) -> None:
        """Remove runs that are not among `paths`."""
        for row in reversed(range(len(self._runs))):
            if self._runs[row].path not in paths:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._runs[row]
                self.endRemoveRows()

    def _update_columns(self, runs: list[RunSummary]) -> None:
        columns = columns_for(runs)
        if [column.key for column in columns] != [column.key for column in self.columns]:
            self.beginResetModel()
            self.columns = columns
            self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._runs)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.title} (right click chooses columns)"
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run, column = self._runs[index.row()], self.columns[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(run)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.DecorationRole and column.key == "status":
            return status_icon(run.status)
        if role == SORT_ROLE:
            return column.sort_key(run)
        return run if role == SUMMARY_ROLE else None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_figure else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class RunSortModel(QSortFilterProxyModel):
    """Sorts by each column's own key, missing values last; filters by words found anywhere in a row."""

    def __init__(self) -> None:
        super().__init__()
        self._words: list[str] = []
        self.setDynamicSortFilter(True)

    def set_filter(self, text: str) -> None:
        """Show runs that contain every word of `text`."""
        self.beginFilterChange()
        self._words = text.lower().split()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, _parent: _Index) -> bool:
        if not self._words:
            return True
        model = self.sourceModel()
        assert isinstance(model, RunTableModel)
        run = model.runs[row]
        text = f"{run.name} {run.status.value} {run.model} {run.record.project} {run.record.created}".lower()
        return all(word in text for word in self._words)

    def lessThan(self, left: _Index, right: _Index) -> bool:
        first, second = left.data(SORT_ROLE), right.data(SORT_ROLE)
        is_first_missing, is_second_missing = _is_missing(first), _is_missing(second)
        if is_first_missing or is_second_missing:
            ascends = self.sortOrder() is Qt.SortOrder.AscendingOrder
            return is_second_missing > is_first_missing if ascends else is_first_missing > is_second_missing
        return bool(first < second)


def _is_missing(value: Any) -> bool:
    return value is None or value != value
