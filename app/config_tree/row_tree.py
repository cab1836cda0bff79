"""pyqtgraph's ParameterTree in our looks: two columns, quiet rows, wrapped messages, an ordered Tab key."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pyqtgraph.parametertree import ParameterTree
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, QTimer
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.config_tree.setting_item import MessageItem, SettingItem
from app.theme import theme, theme_changed

_INDENTATION_PX = 16
_LABEL_FRACTION = 0.52
_LEAST_LABEL_PX, _MOST_LABEL_PX = 130, 240


class _RowDelegate(QStyledItemDelegate):
    """Wraps the messages; labels are cut at their end instead."""

    def __init__(self, tree: RowTree) -> None:
        super().__init__(tree)
        self._tree = tree

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        if isinstance(self._tree.item_at(index), MessageItem):
            option.features |= QStyleOptionViewItem.ViewItemFeature.WrapText


class RowTree(ParameterTree):  # type: ignore[misc]
    """The tree itself; it knows how rows look, not what they mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, showHeader=False)
        self.setRootIsDecorated(True)
        self.setAlternatingRowColors(False)
        self.setIndentation(_INDENTATION_PX)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setExpandsOnDoubleClick(False)
        self.setDragEnabled(False)
        self.setAcceptDrops(False)
        self.setEditTriggers(RowTree.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_RowDelegate(self))
        self.setAccessibleName("Settings")
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        self._tab_timer = QTimer(self)
        self._tab_timer.setSingleShot(True)
        self._tab_timer.timeout.connect(self._order_tabs)
        theme_changed.changed.connect(self.restyle)

    def top_items(self) -> list[SettingItem]:
        """The sections."""
        return [self.topLevelItem(position) for position in range(self.topLevelItemCount())]

    def item_at(self, index: QModelIndex | QPersistentModelIndex) -> QTreeWidgetItem | None:
        """The item of an index; pyqtgraph's own `itemFromIndex` gives something else."""
        return QTreeWidget.itemFromIndex(self, index)

    def shown_items(self) -> Iterator[SettingItem]:
        """Rows that are neither hidden nor inside a closed one, from top to bottom."""
        for top in self.top_items():
            yield from _shown(top)

    def fit_messages(self) -> None:
        """Give every sentence the height it needs at the present width."""
        width_px, has_changed = self.viewport().width() - 10, False
        for item in walk(self.top_items()):
            for message in item.messages():
                has_changed |= message.fit(width_px - (_depth(message) + 1) * _INDENTATION_PX)
        if has_changed:
            self.scheduleDelayedItemsLayout()  # the editors below stand elsewhere now

    def restyle(self) -> None:
        """Take the colours of the theme."""
        for item in walk(self.top_items()):
            item.restyle()
        self.viewport().update()

    def order_tabs_soon(self) -> None:
        """Editors were added: let Tab go through them from top to bottom."""
        self._tab_timer.start(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        label_px = round(self.viewport().width() * _LABEL_FRACTION)
        self.setColumnWidth(0, min(_MOST_LABEL_PX, max(_LEAST_LABEL_PX, label_px)))
        self.fit_messages()

    def drawRow(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().drawRow(painter, option, index)
        if not index.parent().isValid() and index.row() > 0:  # a line between sections
            painter.fillRect(option.rect.x(), option.rect.y(), option.rect.width(), 1, theme().border)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        item = self.item_at(index)
        if isinstance(item, SettingItem) and item.can_expand:  # a sentence under a row gives it no arrow
            super().drawBranches(painter, rect, index)

    def _order_tabs(self) -> None:
        editors = [item.editor for item in walk(self.top_items()) if item.editor is not None]
        controls = [control for editor in editors for control in editor.tab_stops()]
        for first, second in itertools.pairwise(controls):
            QWidget.setTabOrder(first, second)


def walk(items: list[SettingItem]) -> Iterator[SettingItem]:
    """These rows and all inside them."""
    for item in items:
        yield item
        yield from walk(item.setting_children())


def _shown(item: SettingItem) -> Iterator[SettingItem]:
    if item.isHidden():
        return
    yield item
    if item.isExpanded():
        for child in item.setting_children():
            yield from _shown(child)


def _depth(item: QTreeWidgetItem) -> int:
    depth, parent = 0, item.parent()
    while parent is not None:
        depth, parent = depth + 1, parent.parent()
    return depth
