"""The table of runs: copy, column choice, and what it remembers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QSettings, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from app.pages.runs.table_model import SUMMARY_ROLE, RunSortModel, RunTableModel
from trainer.runs.store import RunSummary

_ROW_HEIGHT_PX = 28
_HEADING_PADDING_PX = 16
_SETTINGS_GROUP = "runs_table"


class RunTable(QTableView):
    """Rows of runs.

    Signals:
        opened: Enter or double click on a run (`RunSummary`).
        delete_pressed: The Delete key.
    """

    opened = Signal(object)
    delete_pressed = Signal()

    def __init__(self, model: RunTableModel, settings: QSettings) -> None:
        super().__init__()
        self._model = model
        self._settings = settings
        self._is_applying = False
        self.sorted_runs = RunSortModel()
        self.sorted_runs.setSourceModel(model)
        self.setModel(self.sorted_runs)
        self._set_up_view()
        self._set_up_header()
        model.modelReset.connect(self._apply_choices)
        self._apply_choices()

    def selected_runs(self) -> list[RunSummary]:
        """The selected runs from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.sorted_runs.index(row, 0).data(SUMMARY_ROLE) for row in rows]

    def select_run(self, path: Path) -> None:
        """Select one run and bring it into view."""
        for row in range(self.sorted_runs.rowCount()):
            if self.sorted_runs.index(row, 0).data(SUMMARY_ROLE).path == path:
                self.selectRow(row)

    def selection_as_tsv(self) -> str:
        """The selected rows with the headings of the columns shown, separated by tabs."""
        columns = [column for column in range(len(self._model.columns)) if not self.isColumnHidden(column)]
        columns.sort(key=self.horizontalHeader().visualIndex)
        lines = ["\t".join(self._model.columns[column].title for column in columns)]
        for run in self.selected_runs():
            lines.append("\t".join(self._model.columns[column].text(run) for column in columns))
        return "\n".join(lines) + "\n"

    def column_menu(self) -> QMenu:
        """The choice of columns; the name always stays."""
        menu = QMenu(self)
        for place, column in enumerate(self._model.columns):
            action = QAction(column.title, menu)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(place))
            action.setEnabled(column.key != "name")
            action.toggled.connect(lambda shown, place=place: self.show_column(place, shown))
            menu.addAction(action)
        return menu

    def show_column(self, place: int, is_shown: bool) -> None:
        """Show or hide a column, and remember it."""
        self.setColumnHidden(place, not is_shown)
        self._settings.setValue(self._key("shown", place), is_shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            if self.selected_runs():
                QGuiApplication.clipboard().setText(self.selection_as_tsv())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selected_runs():
            self.opened.emit(self.selected_runs()[0])
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)

    def _set_up_view(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT_PX)
        self.verticalHeader().setMinimumSectionSize(_ROW_HEIGHT_PX)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.data(SUMMARY_ROLE)))

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_column_menu)
        header.sectionResized.connect(self._remember_width)
        header.sortIndicatorChanged.connect(self._remember_sorting)

    def _open_column_menu(self, place: QPoint) -> None:
        menu = self.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.horizontalHeader().mapToGlobal(place))

    def _apply_choices(self) -> None:
        """Give columns, which come and go with the runs' metrics, what was remembered for them."""
        self._is_applying = True
        for place, column in enumerate(self._model.columns):
            shown = self._settings.value(self._key("shown", place), column.is_shown_at_first, type=bool)
            heading_px = self.horizontalHeader().fontMetrics().horizontalAdvance(column.title) + _HEADING_PADDING_PX
            width = self._settings.value(self._key("width", place), max(column.width_px, heading_px), type=int)
            self.setColumnWidth(place, int(str(width)))
            self.setColumnHidden(place, not shown)
        key = self._settings.value(f"{_SETTINGS_GROUP}/sort_column", "created", type=str)
        descends = self._settings.value(f"{_SETTINGS_GROUP}/sort_descends", True, type=bool)
        keys = [column.key for column in self._model.columns]
        place = keys.index(str(key)) if key in keys else keys.index("created")
        self.sortByColumn(place, Qt.SortOrder.DescendingOrder if descends else Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self._is_applying = False

    def _remember_width(self, place: int, _: int, width: int) -> None:
        if not self._is_applying and width > 0 and place < len(self._model.columns):
            self._settings.setValue(self._key("width", place), width)

    def _remember_sorting(self, place: int, order: Qt.SortOrder) -> None:
        if not self._is_applying and 0 <= place < len(self._model.columns):
            self._settings.setValue(f"{_SETTINGS_GROUP}/sort_column", self._model.columns[place].key)
            self._settings.setValue(f"{_SETTINGS_GROUP}/sort_descends", order is Qt.SortOrder.DescendingOrder)

    def _key(self, what: str, place: int) -> str:
        name = self._model.columns[place].key.replace("/", "_")
        return f"{_SETTINGS_GROUP}/{what}/{name}"
