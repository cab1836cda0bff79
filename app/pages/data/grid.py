"""Samples as a grid of pictures. Only what is on screen is painted, however many there are."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QWidget,
)

from app.icons import icon_pixmap
from app.pages.data.items import PART_TITLES, Numbers, SampleItems
from app.pages.data.thumbnails import Thumbnails
from app.theme import secondary_font, theme, theme_changed
from trainer.data.drawing import label_text

PICTURE_PX = 112
_MARGIN_PX = 8
_TEXT_PX = 18
_CELL_PX = PICTURE_PX + 2 * _MARGIN_PX
_MARK_PX = 16
_REST_MS = 40
_LONGEST_UNREST_S = 0.3
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


class GridModel(QAbstractTableModel):
    """The shown samples, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.items = SampleItems(())
        self.shown: Numbers = np.zeros(0, np.int64)
        self.num_columns = 1

    def show(self, items: SampleItems, shown: Numbers) -> None:
        """Show these samples of `items`."""
        self.beginResetModel()
        self.items, self.shown = items, shown
        self.endResetModel()

    def set_columns(self, num_columns: int) -> None:
        """Lay the samples out in so many columns."""
        if num_columns != self.num_columns:
            self.beginResetModel()
            self.num_columns = num_columns
            self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else -(-len(self.shown) // self.num_columns)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self.num_columns

    def item(self, index: AnyIndex) -> int:
        """The sample in a cell; -1 behind the last."""
        place = index.row() * self.num_columns + index.column()
        return int(self.shown[place]) if index.isValid() and place < len(self.shown) else -1

    def index_of(self, item: int) -> QModelIndex:
        """The cell of a sample; invalid if it is not shown."""
        place = int(np.searchsorted(self.shown, item))
        if place >= len(self.shown) or self.shown[place] != item:
            return QModelIndex()
        return self.index(place // self.num_columns, place % self.num_columns)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        is_sample = self.item(index) >= 0
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if is_sample else Qt.ItemFlag.NoItemFlags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.item(index)
        if item < 0:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{self.items.name(item)}: {label_text(*self.items.sample(item))}"
        if role == Qt.ItemDataRole.ToolTipRole:
            problems = [problem.message for problem in self.items.problems_of.get(item, [])]
            name = self.items.part(item).name
            part = PART_TITLES.get(name, name)
            return "\n".join([self.items.name(item), f"{label_text(*self.items.sample(item))} · {part}", *problems])
        return None


class SampleGrid(QTableView):
    """The grid itself: arrows move, Enter or a click opens.

    Signals:
        opened: Number of the sample to show large.
    """

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = GridModel()
        self.thumbnails = Thumbnails(self)
        self.thumbnails.ready.connect(self._repaint)
        self.setModel(self.grid)
        self._cells = _CellPainter(self.grid, self.thumbnails)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName("Samples")
        for header, size in ((self.horizontalHeader(), _CELL_PX), (self.verticalHeader(), _CELL_PX + _TEXT_PX)):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(1)
            header.setDefaultSectionSize(size)
            header.hide()
        self.verticalScrollBar().setSingleStep(48)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._rest_timer = QTimer(self)
        self._rest_timer.setSingleShot(True)
        self._rest_timer.setInterval(_REST_MS)
        self._rest_timer.timeout.connect(self.ask_for_visible)
        self._asked_at_s = 0.0
        self.clicked.connect(lambda index: self._open(index))
        theme_changed.changed.connect(self.viewport().update)

    def show_items(self, items: SampleItems, shown: Numbers) -> None:
        """Show these samples of `items`; where they are the same as before, pictures, choice and place stay."""
        current, top = self.grid.item(self.currentIndex()), self.verticalScrollBar().value()
        is_same = items.has_same_pictures(self.grid.items)
        stays = is_same and np.array_equal(shown, self.grid.shown)
        if items is not self.grid.items:
            self.thumbnails.show(items, round(PICTURE_PX * self.devicePixelRatioF()))
        self.grid.show(items, shown)
        self._select(current if is_same else -1)
        if stays:
            self.verticalScrollBar().setValue(top)
        self.ask_for_visible()

    def go_to(self, item: int) -> bool:
        """Select a sample and bring it into view; `False` if it is not shown."""
        index = self.grid.index_of(item)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        return index.isValid()

    def visible_items(self) -> list[int]:
        """The samples that are on screen."""
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        last = self.grid.rowCount() - 1 if last < 0 else last
        columns = self.grid.num_columns
        shown: list[int] = self.grid.shown[first * columns : (last + 1) * columns].tolist()
        return shown

    def ask_for_visible(self) -> None:
        """Have the pictures on screen made, and no others."""
        self._asked_at_s = time.monotonic()
        if self.isVisible():
            self.thumbnails.want(self.visible_items())

    def _on_scrolled(self) -> None:
        """What flies past is not decoded: that would hold up scrolling, and nobody could look at it."""
        if time.monotonic() - self._asked_at_s > _LONGEST_UNREST_S:
            self.ask_for_visible()
        else:
            self._rest_timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """All cells in one go: Qt would ask for Python anew for each, and wait each time for a thread that decodes."""
        painter, area = QPainter(self.viewport()), event.rect()
        current, columns = self.currentIndex(), self.grid.num_columns
        height, width = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().defaultSectionSize()
        offset = self.verticalScrollBar().value()
        first, last = max(0, (area.top() + offset) // height), (area.bottom() + offset) // height
        chosen = current.row() * columns + current.column() if current.isValid() else -1
        shown = self.grid.shown[first * columns : (last + 1) * columns].tolist()
        for place, item in enumerate(shown, first * columns):
            row, column = divmod(place, columns)
            rect = QRect(column * width, row * height - offset, width, height)
            if rect.intersects(area):
                self._cells.paint(painter, rect, item, is_chosen=place == chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open(self.currentIndex())
        elif step:
            self._go_on(step)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: Qt would ask for the text of every cell, however many there are."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask_for_visible()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self.viewport().width()
        num_columns = max(1, width // _CELL_PX)
        current = self.grid.item(self.currentIndex())
        self.grid.set_columns(num_columns)
        self.horizontalHeader().setDefaultSectionSize(max(_CELL_PX, width // num_columns))
        self._select(current)
        self.ask_for_visible()

    def _select(self, item: int) -> None:
        index = self.grid.index_of(item) if item >= 0 else QModelIndex()
        if not index.isValid() and self.grid.rowCount():
            index = self.grid.index(0, 0)
        if index.isValid():
            self.setCurrentIndex(index)

    def _go_on(self, step: int) -> None:
        """To the sample before or after, also where that is in another line."""
        index, columns = self.currentIndex(), self.grid.num_columns
        place = index.row() * columns + index.column() + step
        if index.isValid() and 0 <= place < len(self.grid.shown):
            self.setCurrentIndex(self.grid.index(place // columns, place % columns))

    def _open(self, index: QModelIndex) -> None:
        if (item := self.grid.item(index)) >= 0:
            self.opened.emit(item)

    def _repaint(self, item: int) -> None:
        index = self.grid.index_of(item)
        if index.isValid():
            self.viewport().update(self.visualRect(index))


class _CellPainter:
    """Paints a picture with its label below."""

    def __init__(self, grid: GridModel, thumbnails: Thumbnails) -> None:
        self._grid = grid
        self._thumbnails = thumbnails
        self._font = secondary_font()
        self._metrics = QFontMetrics(self._font)

    def paint(self, painter: QPainter, rect: QRect, item: int, *, is_chosen: bool) -> None:
        """Paint a sample into its cell."""
        colors = theme()
        if is_chosen:
            painter.fillRect(rect.adjusted(2, 2, -2, -2), colors.selection)
        left = rect.left() + (rect.width() - PICTURE_PX) // 2
        square = QRect(left, rect.top() + _MARGIN_PX, PICTURE_PX, PICTURE_PX)
        self._paint_picture(painter, square, self._thumbnails.picture(item))
        if item in self._grid.items.problems_of:
            tone = "error" if self._grid.items.is_left_out(item) else "warning"
            mark = icon_pixmap("triangle-alert", _MARK_PX, tone, painter.device().devicePixelRatioF())
            painter.fillRect(QRect(square.right() - 18, square.top(), 19, 19), colors.surface)
            painter.drawPixmap(square.right() - 17, square.top() + 1, mark)
        painter.setFont(self._font)
        painter.setPen(colors.text)
        line = QRect(rect.left() + 4, square.bottom() + 3, rect.width() - 8, _TEXT_PX)
        sample = self._grid.items.sample(item)
        text = label_text(*sample) or self._grid.items.name(item)
        end = Qt.TextElideMode.ElideMiddle if sample[0].boxes is None else Qt.TextElideMode.ElideRight
        shown = self._metrics.elidedText(text, end, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_picture(self, painter: QPainter, square: QRect, picture: QPixmap | None) -> None:
        colors = theme()
        if picture is None:
            painter.fillRect(square, colors.window)
            return
        if picture.isNull():
            painter.fillRect(square, colors.window)
            mark = icon_pixmap("image", 32, "secondary_text", painter.device().devicePixelRatioF())
            painter.drawPixmap(square.center() - QPoint(16, 16), mark)
            return
        size = picture.size()
        times = max(1, square.width() // max(size.width(), size.height(), 1))
        size = size * times if times > 1 else size.scaled(square.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(square.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, times == 1)
        painter.drawPixmap(place, picture)
