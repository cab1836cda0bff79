"""The Train page: follows one run, live or old."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.pages.train.followed_run import FollowedRun
from app.widgets.empty_state import EmptyState

if TYPE_CHECKING:
    from app.pages.train.run_view import RunView

_REDRAW_INTERVAL_MS = 500
_LEAST_TIME_BETWEEN_CURVES_S = 0.95


class TrainPage(QWidget):
    """Shows a run folder as it is and as it grows. It only reads; what it wants done it asks for by signals.

    Signals:
        start_requested: The person wants to start training.
        continue_requested: Path of the run to go on with.
        open_folder_requested: Path of the folder to show.
        open_run_requested: The person wants to look at an older run.
        run_state_changed: The followed run moved on or changed its status; look at `followed`.
    """

    start_requested = Signal()
    continue_requested = Signal(object)
    open_folder_requested = Signal(object)
    open_run_requested = Signal()
    run_state_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._followed: FollowedRun | None = None
        self._is_stale = False
        self._drawn_at = 0.0
        self.empty = EmptyState(
            "No run yet. Start trains with the settings on the left and shows every step here.",
            "Start",
            icon_name="chart-line",
            button_icon="play",
        )
        self.empty.activated.connect(self.start_requested)
        self.empty.add_link("Open an earlier run", self.open_run_requested.emit)
        self._view: RunView | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._redraw_timer = QTimer(self)
        self._redraw_timer.setInterval(_REDRAW_INTERVAL_MS)
        self._redraw_timer.timeout.connect(self._redraw)

    @property
    def view(self) -> RunView:
        """The widgets of a run, made when they are first wanted."""
        if self._view is None:
            from app.pages.train.run_view import RunView

            self._view = RunView()
            self._view.continue_clicked.connect(self._ask_to_continue)
            self._view.open_folder_clicked.connect(self._ask_for_folder)
            self._stack.addWidget(self._view)
        return self._view

    def build(self) -> None:
        """Make the widgets of a run now, so that showing one takes no time."""
        assert self.view is not None

    @property
    def followed(self) -> FollowedRun | None:
        """The run on screen."""
        return self._followed

    def show_run(self, path: Path | None) -> None:
        """Follow the run in `path`, or show the empty page. The run on screen stays if it is the same."""
        if self._followed is not None:
            if self._followed.path == path:
                self._followed.start()
                return
            self._followed.stop()
            self._followed.deleteLater()
            self._followed = None
        self._drawn_at = 0.0
        if path is not None:
            self.view.begin()
            self._follow(path)
        elif self._view is not None:
            self._view.begin()
        self._stack.setCurrentWidget(self.view if path is not None else self.empty)
        self.run_state_changed.emit()

    def expect_session(self) -> None:
        """A worker was just told to take the run on screen: show it as starting at once."""
        if self._followed is not None:
            self._followed.expect_session()

    def _follow(self, path: Path) -> None:
        followed = FollowedRun(path, self)
        followed.advanced.connect(self._on_advanced)
        followed.log_lines.connect(self.view.log.append_lines)
        followed.status_changed.connect(self._on_status_changed)
        self._followed = followed
        if followed.log_starts_late:
            self.view.log.note_earlier_lines()
        followed.start()

    def _on_advanced(self) -> None:
        self._is_stale = True
        self._keep_redrawing()
        self.run_state_changed.emit()

    def _on_status_changed(self) -> None:
        """A change of status shows at once; curves wait for the next redraw."""
        self._is_stale, self._drawn_at = True, 0.0
        if self.isVisible() and self._followed is not None and self._followed.status is not None:
            self._redraw()
        self._keep_redrawing()
        self.run_state_changed.emit()

    def _keep_redrawing(self) -> None:
        if self.isVisible() and not self._redraw_timer.isActive():
            self._redraw_timer.start()

    def _redraw(self) -> None:
        run = self._followed
        if run is None:
            self._redraw_timer.stop()
            return
        now = time.time()
        is_over = run.status is not None and not run.status.is_active
        if self._is_stale and (is_over or now - self._drawn_at >= _LEAST_TIME_BETWEEN_CURVES_S):
            self._is_stale, self._drawn_at = False, now
            self.view.refresh(run.state, run.status, now, str(run.path))
        elif run.status is not None:
            self.view.refresh_clocks(run.state, run.status, now)
        if run.status is not None and not run.status.is_active:
            self._redraw_timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._followed is not None:
            self._redraw_timer.start()
            QTimer.singleShot(0, self, self._redraw)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._redraw_timer.stop()

    def _ask_to_continue(self) -> None:
        if self._followed is not None:
            self.continue_requested.emit(self._followed.path)

    def _ask_for_folder(self) -> None:
        if self._followed is not None:
            self.open_folder_requested.emit(self._followed.path)
