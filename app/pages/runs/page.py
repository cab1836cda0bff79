"""The Runs page: every run below the runs folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFile, QPoint, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app.icons import icon
from app.pages.runs.summaries import Scan, SummaryCache
from app.pages.runs.table import RunTable
from app.pages.runs.table_model import RunTableModel
from app.widgets.empty_state import EmptyState
from app.widgets.labels import SecondaryLabel
from app.widgets.message_bar import MessageBar
from trainer.runs.state import Status
from trainer.runs.store import RunSummary

_RESCAN_INTERVAL_MS = 2000
_TAKE_INTERVAL_MS = 100
_CAN_CONTINUE = (Status.STOPPED, Status.FAILED, Status.LOST)


class RunsPage(QWidget):
    """A table of runs, looked at again every two seconds while it is visible.

    Signals:
        run_opened: Path of the run to show.
        open_folder_requested: Path of the folder to show.
        continue_requested: Path of the run to go on with.
        start_requested: The person wants to train a first run.

    Args:
        settings: Where column choices are remembered; the application's own if absent.
    """

    run_opened = Signal(object)
    open_folder_requested = Signal(object)
    continue_requested = Signal(object)
    start_requested = Signal()

    def __init__(self, settings: QSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs_dir: Path | None = None
        self._cache = SummaryCache()
        self._scan: Scan | None = None
        self.model = RunTableModel()
        self.table = RunTable(self.model, settings if settings is not None else QSettings())
        self.table.opened.connect(lambda run: self.run_opened.emit(run.path))
        self.table.delete_pressed.connect(self.ask_to_trash)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.filter = QLineEdit()
        self.message = MessageBar()
        self.count = SecondaryLabel()
        self.empty = EmptyState(
            "No runs yet. Every training is kept here, with its curves, log and model.",
            "Start",
            icon_name="list",
            button_icon="play",
        )
        self.empty.activated.connect(self.start_requested)
        self.setFocusProxy(self.table)
        self._stack = QStackedWidget()
        self._build()
        self._rescan_timer = QTimer(self)
        self._rescan_timer.setInterval(_RESCAN_INTERVAL_MS)
        self._rescan_timer.timeout.connect(self.refresh)
        self._take_timer = QTimer(self)
        self._take_timer.setInterval(_TAKE_INTERVAL_MS)
        self._take_timer.timeout.connect(self._take)

    def set_runs_dir(self, runs_dir: Path) -> None:
        """Show the runs below this folder."""
        if runs_dir == self._runs_dir:
            return
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
        self._runs_dir = runs_dir
        self._cache = SummaryCache()  # a cancelled scan may still be writing to the old one
        self.model.keep_only(set())
        self._show_count()
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Look for changes, off this thread."""
        if self._scan is None and self._runs_dir is not None:
            self._scan = Scan(self._runs_dir, self._cache)
            self._scan.start()
            self._take_timer.start()

    def ask_to_trash(self) -> None:
        """Ask once whether the selected runs may go to the trash."""
        runs = self.table.selected_runs()
        active = [run.name for run in runs if run.status.is_active]
        if active:
            self.message.say(f"{active[0]} is still training. Stop it before you move it to the trash.", tone="warning")
        elif runs:
            what = runs[0].name if len(runs) == 1 else f"{len(runs)} runs ({', '.join(r.name for r in runs[:5])} …)"
            self.message.ask(
                f"Move {what} to the trash? Models, checkpoints and logs go with it.",
                "Move to trash",
                lambda: self._trash(runs),
            )

    def context_menu(self) -> QMenu:
        """What can be done with the selected runs."""
        runs = self.table.selected_runs()
        menu = QMenu(self)
        one = runs[0] if len(runs) == 1 else None
        opened = menu.addAction(icon("chart-line"), "Open\tEnter")
        folder = menu.addAction(icon("folder-open"), "Open folder")
        goes_on = menu.addAction(icon("play"), "Continue")
        menu.addSeparator()
        trash = menu.addAction(icon("trash-2"), "Move to trash…\tDel")
        for action in (opened, folder):
            action.setEnabled(one is not None)
        goes_on.setEnabled(one is not None and one.status in _CAN_CONTINUE)
        if one is not None:
            opened.triggered.connect(lambda: self.run_opened.emit(one.path))
            folder.triggered.connect(lambda: self.open_folder_requested.emit(one.path))
            goes_on.triggered.connect(lambda: self.continue_requested.emit(one.path))
        trash.triggered.connect(self.ask_to_trash)
        return menu

    def _build(self) -> None:
        self.filter.setPlaceholderText("Filter by name, status, model or project (Ctrl+F)")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(420)
        self.filter.textChanged.connect(self._on_filter)
        self.filter.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.filter.setFocus)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.filter, 1)
        top.addStretch(0)
        top.addWidget(self.count)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.table, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _open_menu(self, place: QPoint) -> None:
        if self.table.selected_runs():
            menu = self.context_menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.table.viewport().mapToGlobal(place))

    def _take(self) -> None:
        scan = self._scan
        if scan is None:
            self._take_timer.stop()
            return
        is_over = scan.is_over  # asked first, so that what is taken now is all there is
        found = scan.take()
        if found:
            self.model.update_runs(found)
        if is_over:
            self._end_scan(scan)
        if found or is_over:
            self._show_count(scan.num_unreadable)

    def _show_count(self, num_unreadable: int = 0) -> None:
        total, shown = self.model.rowCount(), self.table.sorted_runs.rowCount()
        text = f"{total:,} run{'' if total == 1 else 's'}" if shown == total else f"{shown:,} of {total:,} runs"
        self.count.setText(f"{text} · {num_unreadable} unreadable" if num_unreadable else text)
        self._stack.setCurrentIndex(1 if total else 0)

    def _on_filter(self, text: str) -> None:
        self.table.sorted_runs.set_filter(text)
        self._show_count()

    def _trash(self, runs: list[RunSummary]) -> None:
        for run in runs:
            moved, _ = QFile.moveToTrash(str(run.path))
            if not moved:
                self.message.say(
                    f"{run.name} could not be moved to the trash. Delete the folder {run.path} yourself.", tone="error"
                )
                break
        self.refresh()

    def _end_scan(self, scan: Scan) -> None:
        self._scan = None
        self._take_timer.stop()
        if not scan.was_cancelled:
            self.model.keep_only(set(scan.paths))
        elif self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._rescan_timer.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rescan_timer.stop()
        if self._scan is not None:
            self._scan.cancel()  # the next one waits for its end: both use the same followers
