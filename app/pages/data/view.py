"""What the Data page shows of readable data: a filter row, the samples, and a summary beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.pages.data.detail import SampleDetail
from app.pages.data.grid import SampleGrid
from app.pages.data.items import PART_TITLES, ItemFilter, SampleItems
from app.pages.data.reading import DataFound
from app.pages.data.summary import DataSummary
from app.project.project import Project
from app.widgets.buttons import tool_button
from app.widgets.empty_state import EmptyState
from app.widgets.labels import SecondaryLabel
from app.widgets.message_bar import MessageBar
from trainer.data.sample_index import DataProblem

if TYPE_CHECKING:
    from app.pages.data.table import TableRows

_SEARCH_DELAY_MS = 150
_SUMMARY_PX = 260


class DataView(QWidget):
    """Samples and summary; see `DataSummary` for the signals passed on.

    Signals:
        check_wanted: Every sample is to be read.
        cancel_wanted: Reading is to end.
        read_again_wanted: The files may have changed and are to be looked at anew.
    """

    check_wanted = Signal()
    read_again_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = SampleItems(())
        self._found: DataFound | None = None
        self.message = MessageBar()
        self.part_choice, self.class_choice = QComboBox(), QComboBox()
        self.part_choice.setAccessibleName("Part")
        self.class_choice.setAccessibleName("Class")
        self.only_problems = QPushButton("Problems")
        self.only_problems.setIcon(icon("triangle-alert", "warning"))
        self.only_problems.setCheckable(True)
        self.only_problems.setToolTip("Show only samples that something is wrong with")
        self.search = QLineEdit()
        self.search.setAccessibleName("Search by name")
        self.again = tool_button("refresh-cw", "Read the data again, as it may have changed on disk (Ctrl+R)")
        self.nothing = EmptyState(
            "No sample fits these filters.", "Show all samples", icon_name="search", button_icon="images"
        )
        self.count = SecondaryLabel()
        self.grid = SampleGrid()
        self._table: TableRows | None = None
        self._shows_table = False
        self._place = ""
        self._left_at: dict[str, str] = {}
        self.detail = SampleDetail(project)
        self.samples = QStackedWidget()
        self.summary = DataSummary()
        self._search_timer = QTimer(self)
        self._search_timer.setSingleShot(True)
        self._search_timer.setInterval(_SEARCH_DELAY_MS)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.class_choice.setMaximumWidth(160)
        self.filters = QWidget()
        top = QHBoxLayout(self.filters)
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(6)
        for widget in (self.part_choice, self.class_choice, self.only_problems):
            top.addWidget(widget)
        top.addWidget(self.search, 1)
        top.addWidget(self.count)
        top.addWidget(self.again)
        self.filters.setFixedHeight(self.only_problems.sizeHint().height())
        self.browser = QWidget()
        browsing = QVBoxLayout(self.browser)
        browsing.setContentsMargins(0, 0, 8, 0)
        browsing.setSpacing(8)
        self._kinds = QStackedWidget()
        self._kinds.addWidget(self.grid)
        self._kinds.addWidget(self.nothing)
        browsing.addWidget(self.filters)
        browsing.addWidget(self._kinds, 1)
        self.samples.addWidget(self.browser)
        self.samples.addWidget(self.detail)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(self.samples)
        self._splitter.addWidget(self.summary)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([1000, _SUMMARY_PX])
        self._splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.message)
        layout.addWidget(self._splitter, 1)

    def _connect(self) -> None:
        for choice in (self.part_choice, self.class_choice):
            choice.activated.connect(lambda _=0: self._filter())
        self.only_problems.toggled.connect(lambda _=False: self._filter())
        self.search.textChanged.connect(lambda _="": self._search_timer.start())
        self._search_timer.timeout.connect(self._filter)
        for keys, act in ((QKeySequence.StandardKey.Find, self._focus_search), ("Ctrl+R", self.again.click)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        self.again.clicked.connect(self.read_again_wanted)
        self.nothing.activated.connect(self._clear_filters)
        self.grid.opened.connect(self.show_large)
        self.detail.closed.connect(self.show_all)
        self.detail.stepped.connect(self._step)
        self.summary.class_chosen.connect(self._choose_class)
        self.summary.problem_opened.connect(self.show_problem)
        self.summary.check_wanted.connect(self.check_wanted)
        self.summary.cancel_wanted.connect(self.cancel_wanted)

    @property
    def table(self) -> TableRows:
        """The rows of a table, made when they are first wanted: this loads what reads tables."""
        if self._table is None:
            from app.pages.data.table import TableRows

            self._table = TableRows()
            self._kinds.addWidget(self._table)
        return self._table

    @property
    def found(self) -> DataFound | None:
        """What is shown."""
        return self._found

    def show_found(self, found: DataFound, base_dir: Path) -> None:
        """Show what is known of the data now; filters stay, other data begins where one left it."""
        name = self._items.name(self.detail.item) if 0 <= self.detail.item < len(self._items) else ""
        place = str(found.report.parts[0].index.place)
        old, current = self._items, self._current_name()
        if place != self._place:
            self._leave_place(place, current)
            current = self._left_at.get(place, "")
        self._found, self._items = found, found.items
        self.message.hide()
        self._shows_table = found.report.parts[0].index.raw is None
        what = "Find a line, such as 17" if self._shows_table else "Search by name"
        self.search.setPlaceholderText(f"{what} (Ctrl+F)")
        self._fill_choices(found)
        self.summary.show_found(found, base_dir)
        self._filter()
        left_at = None if found.items.has_same_pictures(old) else found.items.item_named(current)
        if left_at:
            self._shown.go_to(left_at)
        if self.samples.currentWidget() is self.detail:
            self._keep_large(name)

    def show_large(self, item: int) -> None:
        """Show one sample large."""
        self.detail.show_item(self._items, item)
        self.samples.setCurrentWidget(self.detail)
        self.detail.setFocus()

    def show_all(self) -> None:
        """Back to all samples."""
        self.samples.setCurrentWidget(self.browser)
        if self.detail.item >= 0 and self.detail.item < len(self._items):
            self.grid.go_to(self.detail.item)
        self._shown.setFocus()

    def show_problem(self, problem: DataProblem) -> None:
        """Show the sample behind a problem, whatever is filtered."""
        item = self._items.item_of(problem)
        if item is None:
            self.message.say(f"{problem.file or problem.place}: {problem.message}", tone="warning")
            return
        self.samples.setCurrentWidget(self.browser)
        if not self._shown.go_to(item):
            self._clear_filters()
            self._shown.go_to(item)
        self._shown.setFocus()

    def close_down(self) -> None:
        """Give up what is being decoded or made."""
        self.grid.thumbnails.close()
        self.detail.preview.cancel()
        self._search_timer.stop()

    @property
    def _shown(self) -> TableRows | SampleGrid:
        """What shows the samples: rows for a table, else pictures."""
        return self.table if self._shows_table else self.grid

    def _current_name(self) -> str:
        """The chosen sample; empty for the first one, and for tables."""
        item = -1 if self._shows_table else self.grid.grid.item(self.grid.currentIndex())
        return self._items.name(item) if 0 < item < len(self._items) else ""

    def _leave_place(self, place: str, current: str) -> None:
        """Filters of other data would hide what is new; where one was in it is kept for when one comes back."""
        self._left_at[self._place] = current
        self._place = place
        self.part_choice.clear()
        self.class_choice.clear()
        with QSignalBlocker(self.only_problems):
            self.only_problems.setChecked(False)
        self.search.clear()
        self._search_timer.stop()
        self.samples.setCurrentWidget(self.browser)

    def _keep_large(self, name: str) -> None:
        """The sample that was large stays so, if it is still there."""
        item = self._items.item_named(name)
        if item is None:
            self.show_all()
        else:
            self.detail.show_item(self._items, item)

    def _fill_choices(self, found: DataFound) -> None:
        part, number = self.part_choice.currentData(), self.class_choice.currentIndex() - 1
        names = found.report.class_names
        self.part_choice.clear()
        self.part_choice.addItem("All parts", "")
        for samples in found.report.parts:
            self.part_choice.addItem(PART_TITLES.get(samples.name, samples.name), samples.name)
        self.part_choice.setCurrentIndex(max(0, self.part_choice.findData(part)))
        kept = self.class_choice.itemText(number + 1)
        self.class_choice.clear()
        self.class_choice.addItems(["All classes", *names])
        self.class_choice.setCurrentIndex(max(0, self.class_choice.findText(kept)) if number >= 0 else 0)
        index = found.report.parts[0].index
        self.class_choice.setVisible(bool(names) and index.mask_names is None)
        self.only_problems.setVisible(bool(found.items.problems_of) or self.only_problems.isChecked())

    def _filter(self) -> None:
        wanted = ItemFilter(
            part=self.part_choice.currentData() or "",
            class_number=self.class_choice.currentIndex() - 1,
            only_problems=self.only_problems.isChecked(),
            text=self.search.text().strip(),
        )
        shown = self._items.filtered(wanted)
        self._shown.show_items(self._items, shown)
        is_nothing = not len(shown) and len(self._items) > 0
        self._kinds.setCurrentWidget(self.nothing if is_nothing else self._shown)
        self.summary.histogram.mark(wanted.class_number)
        total = len(self._items)
        what = "row" if self._shows_table else "sample"
        text = f"{total:,} {what}{'' if total == 1 else 's'}"
        self.count.setText(text if len(shown) == total else f"{len(shown):,} of {text}")

    def _clear_filters(self) -> None:
        self.part_choice.setCurrentIndex(0)
        self.class_choice.setCurrentIndex(0)
        self.only_problems.setChecked(False)
        self.search.clear()
        self._search_timer.stop()
        self._filter()

    def _choose_class(self, number: int) -> None:
        if self.class_choice.isVisibleTo(self):
            self.samples.setCurrentWidget(self.browser)
            self.class_choice.setCurrentIndex(number + 1)
            self._filter()

    def _focus_search(self) -> None:
        self.show_all()
        self.search.setFocus()

    def _step(self, step: int) -> None:
        shown = self.grid.grid.shown
        place = int(shown.searchsorted(self.detail.item)) + step
        if 0 <= place < len(shown):
            self.detail.show_item(self._items, int(shown[place]))
