"""The rows of a table, and what is in its columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSplitter, QTableView, QWidget

from app.pages.data.items import PART_TITLES, Numbers, SampleItems
from app.theme import theme
from app.widgets.format import format_short_number
from trainer.data.part_samples import PartSamples
from trainer.data.tables.table_index import TableIndex
from trainer.data.tables.table_statistics import ColumnStatistics, table_statistics

_NO_PARENT = QModelIndex()
AnyIndex = QModelIndex | QPersistentModelIndex
_MOST_KEPT = 4096
_MOST_TEXT_PX = 176
_ROWS_MEASURED = 30
"""Rows that decide how wide the columns are, and which are of numbers."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RowModel(QAbstractTableModel):
    """The shown rows, read when they are painted."""

    def __init__(self) -> None:
        super().__init__()
        self.items = SampleItems(())
        self.shown: Numbers = np.zeros(0, np.int64)
        self._columns: tuple[str, ...] = ()
        self._numbers: set[str] = set()
        self._kept: dict[int, dict[str, str]] = {}

    def show(self, items: SampleItems, shown: Numbers) -> None:
        """Show these rows of `items`."""
        self.beginResetModel()
        if items is not self.items:
            self._kept.clear()
        self.items, self.shown = items, shown
        self._columns = ("part", *self._row(0)) if len(items) else ()
        rows = [self._row(item) for item in range(min(len(items), _ROWS_MEASURED))]
        self._numbers = {name for name in self._columns[1:] if all(_is_number(row.get(name, "")) for row in rows)}
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal:
            return _RIGHT if self._columns[section] in self._numbers else _LEFT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return self._columns[section].capitalize() if section == 0 else self._columns[section]
        return self.items.name(int(self.shown[section])).removeprefix("row ")

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = int(self.shown[index.row()])
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            name = self.items.part(item).name
            return PART_TITLES.get(name, name) if index.column() == 0 else self._row(item)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0 and column in self._numbers:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and item in self.items.problems_of:
            return QBrush(theme().warning)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(problem.message for problem in self.items.problems_of.get(item, [])) or None
        return None

    def _row(self, item: int) -> dict[str, str]:
        found = self._kept.get(item)
        if found is None:
            index, number = self.items.sample(item)
            found = row_of(index, number)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[item] = found
        return found


def _is_number(text: str) -> bool:
    try:
        float(text or 0)
    except ValueError:
        return False
    return True


def row_of(index: Any, number: int) -> dict[str, str]:
    """A row as texts by column."""
    if isinstance(index, TableIndex):
        return index.row(number)
    row: dict[str, str] = {}
    if index.labels is not None:
        label = index.labels[number]
        row["target"] = index.class_names[int(label)] if index.class_names and label.ndim == 0 else f"{label}"
    if index.features is not None:
        for name, value in zip(index.feature_names, index.features[number].tolist(), strict=True):
            row[name] = format_short_number(value)
    return row


_COLUMNS = ("Column", "Used as", "Kind", "Missing", "Different", "Least", "Mean", "Most", "Deviation", "Most frequent")


class ColumnModel(QAbstractTableModel):
    """One line per column of the table."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: tuple[ColumnStatistics, ...] = ()

    def show(self, columns: tuple[ColumnStatistics, ...]) -> None:
        """Show these columns."""
        self.beginResetModel()
        self.columns = columns
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal:
            return _RIGHT if 3 <= section <= 8 else _LEFT
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = self.columns[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(column)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.note or None
        if role == Qt.ItemDataRole.TextAlignmentRole and 3 <= index.column() <= 8:
            return _RIGHT
        return None


def _texts(column: ColumnStatistics) -> tuple[str, ...]:
    figures = (column.minimum, column.mean, column.maximum, column.deviation)
    return (
        column.name,
        f"{column.role}: {column.note}" if column.note else column.role,
        column.kind,
        f"{column.num_missing:,}",
        f"{column.num_unique:,}",
        *(_figure_text(figure) for figure in figures),
        ", ".join(f"{text} {count:,}" for text, count in column.most_frequent),
    )


def _figure_text(figure: float | str | None) -> str:
    if isinstance(figure, str):
        return figure
    return "" if figure is None else format_short_number(figure)


class TableRows(QSplitter):
    """Columns above, rows below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.column_model, self.row_model = ColumnModel(), RowModel()
        self.columns = _table(self.column_model, "Columns of the table")
        self.columns.verticalHeader().hide()
        self.rows = _table(self.row_model, "Rows of the table")
        self.addWidget(self.columns)
        self.addWidget(self.rows)
        self.setStretchFactor(1, 1)
        self.setSizes([260, 400])
        self.setChildrenCollapsible(False)

    def show_items(self, items: SampleItems, shown: Numbers) -> None:
        """Show these rows; where others of the same table were shown, the columns stay as they are."""
        if items is not self.row_model.items:
            self.column_model.show(_statistics(items.parts))
            self.columns.resizeColumnsToContents()
            for column in (1, len(_COLUMNS) - 1):
                self.columns.setColumnWidth(column, min(_MOST_TEXT_PX, self.columns.columnWidth(column)))
        is_new = items is not self.row_model.items
        self.row_model.show(items, shown)
        if is_new:
            self.rows.resizeColumnsToContents()

    def go_to(self, item: int) -> bool:
        """Select a row and bring it into view; `False` if it is not shown."""
        place = int(np.searchsorted(self.row_model.shown, item))
        is_shown = place < len(self.row_model.shown) and self.row_model.shown[place] == item
        if is_shown:
            self.rows.selectRow(place)
            self.rows.scrollTo(self.row_model.index(place, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
        return bool(is_shown)


def _statistics(parts: tuple[PartSamples, ...]) -> tuple[ColumnStatistics, ...]:
    return table_statistics(parts[0].index) if parts else ()


class _Table(QTableView):
    """A table that may be long."""

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would ask for the text of every row, however many there are."""


def _table(model: QAbstractTableModel, name: str) -> QTableView:
    table = _Table()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().setDefaultSectionSize(24)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setResizeContentsPrecision(_ROWS_MEASURED)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return table
