"""One run on screen: header, plots, instruments, log. Knows a run's state, not where it comes from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.pages.train.end_card import EndCard
from app.pages.train.end_summary import end_summary
from app.pages.train.instruments import Instruments
from app.pages.train.phase_steps import is_before_first_batch, phase_steps
from app.pages.train.phase_strip import PhaseStrip
from app.pages.train.progress import progress_figures
from app.pages.train.progress_row import ProgressRow
from app.pages.train.run_curves import RunCurves
from app.widgets.labels import SecondaryLabel
from app.widgets.log_view import LogView
from app.widgets.plot_grid import PlotGrid
from trainer.runs.state import RunState, Status

_MARGIN_PX = 12
_WAITING = "The curves start with the first batch."
_QUIET_HANDLE = "QSplitter::handle:vertical:!hover { background: transparent; }"


class RunView(QWidget):
    """The widgets of a run. The page calls `refresh` at most ten times a second."""

    continue_clicked = Signal()
    open_folder_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAutoFillBackground(True)  # otherwise Qt paints everything behind it with every figure
        self._curves = RunCurves()
        self.phases = PhaseStrip()
        self.progress = ProgressRow()
        self.end_card = EndCard()
        self.end_card.continue_clicked.connect(self.continue_clicked)
        self.end_card.open_folder_clicked.connect(self.open_folder_clicked)
        self.plots = PlotGrid()
        self.waiting_note = SecondaryLabel(_WAITING)
        self.waiting_note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.instruments = Instruments()
        self.log = LogView()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self._build()

    def begin(self) -> None:
        """Empty everything for another run."""
        self._curves = RunCurves()
        self.plots.clear()
        self.log.clear()
        self.end_card.summary = None
        for widget in (self.phases, self.progress, self.end_card):
            widget.hide()

    def refresh_clocks(self, state: RunState, status: Status, now: float) -> None:
        """Show what changes with time alone: phases, progress, clocks."""
        prepares = is_before_first_batch(state, status)
        if prepares:
            self.phases.show_steps(phase_steps(state, now))
        elif status.is_active:
            self.progress.show_figures(progress_figures(state, status, now))
        self.phases.setVisible(prepares)
        self.progress.setVisible(status.is_active and not prepares)

    def refresh(self, state: RunState, status: Status | None, now: float, run_path: str) -> None:
        """Show everything the run has said. `status` is `None` while an older history is still being read."""
        self._curves.update(state)
        names = state.metric_names()
        ended_before = status is not None and not status.is_active
        self.waiting_note.setText("No batch was trained." if ended_before else _WAITING)
        self.waiting_note.setVisible(not names)
        self.plots.setVisible(bool(names))
        self.plots.refresh(names, self._curves.metric)
        self.instruments.refresh(state, self._curves)
        if status is None:
            return
        self.refresh_clocks(state, status, now)
        if not status.is_active:
            self.end_card.show_summary(end_summary(state, status, run_path=run_path))
        self.end_card.setVisible(not status.is_active)

    def _build(self) -> None:
        upper = QWidget()
        upper_layout = QVBoxLayout(upper)
        upper_layout.setContentsMargins(0, 0, 0, 4)
        upper_layout.setSpacing(8)
        upper_layout.addWidget(self.plots, 1)
        upper_layout.addWidget(self.waiting_note, 1)
        upper_layout.addWidget(self.instruments)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.log)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([520, 200])
        self.splitter.setHandleWidth(7)
        self.splitter.setStyleSheet(_QUIET_HANDLE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, 4)
        layout.setSpacing(8)
        for widget in (self.phases, self.progress, self.end_card):
            layout.addWidget(widget)
        layout.addWidget(self.splitter, 1)
