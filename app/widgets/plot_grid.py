"""As many plots as there are metrics, in one to three columns that scroll."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from app.widgets.curves import MetricCurves
from app.widgets.metric_plot import MetricPlot

_LEAST_COLUMN_WIDTH_PX = 300
_LEAST_ROW_HEIGHT_PX = 170
_MOST_COLUMNS = 3
_SPACING_PX = 8
_BETWEEN_PLOTS_MS = 40
"""Long enough for one plot to be painted before the next is changed."""


class PlotGrid(QScrollArea):
    """Plots appear as metrics become known; only those in view are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.plots: dict[str, MetricPlot] = {}
        self._wanted: list[str] = []
        self._curves_of: Callable[[str], MetricCurves] | None = None
        self._stale: set[str] = set()
        self._content = QWidget()
        self._layout = QGridLayout(self._content)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_SPACING_PX)
        self._placed: tuple[int, int] = (0, 0)
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._draw_stale)
        self._builder = QTimer(self)
        self._builder.setInterval(0)
        self._builder.timeout.connect(self._build_next)
        self._drawer = QTimer(self)
        self._drawer.setSingleShot(True)
        self._drawer.setInterval(_BETWEEN_PLOTS_MS)
        self._drawer.timeout.connect(self._draw_stale)

    def refresh(self, names: list[str], curves_of: Callable[[str], MetricCurves]) -> None:
        """Show these metrics; `curves_of` is asked only for plots in view."""
        self._curves_of = curves_of
        self._wanted = names
        for name in set(self.plots) - set(names):
            plot = self.plots.pop(name)
            plot.hide()
            plot.deleteLater()
            self._placed = (0, 0)
        if set(names) - set(self.plots):
            self._builder.start()
        self._stale.update(self.plots)
        self._place()
        if not self._drawer.isActive():
            self._drawer.start()

    def clear(self) -> None:
        """Remove all plots."""
        self._builder.stop()
        self.refresh([], lambda _: MetricCurves())
        self._curves_of = None

    def num_columns(self) -> int:
        """Columns for the width there is and the plots there are."""
        fitting = max(1, (self.viewport().width() + _SPACING_PX) // (_LEAST_COLUMN_WIDTH_PX + _SPACING_PX))
        count = max(1, len(self._wanted))
        columns = min(fitting, _MOST_COLUMNS, count)
        return 2 if count == 4 and columns == 3 else columns

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self._draw_stale()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._drawer.start()

    def _build_next(self) -> None:
        """Build one plot per step: many at once would hold up the window."""
        missing = [name for name in self._wanted if name not in self.plots]
        for name in missing[:1]:
            self.plots[name] = MetricPlot(name)
            self._stale.add(name)
        if len(missing) <= 1:
            self._builder.stop()
        self._place()
        self._drawer.start()

    def _place(self) -> None:
        columns = self.num_columns()
        shown = [name for name in self._wanted if name in self.plots]
        rows = -(-len(self._wanted) // columns)
        needs_scrolling = rows * (_LEAST_ROW_HEIGHT_PX + _SPACING_PX) - _SPACING_PX > self.viewport().height()
        for plot in self.plots.values():
            plot.canvas.wheel_zooms = not needs_scrolling
        if self._placed == (columns, len(shown)):
            return
        self._placed = (columns, len(shown))
        for index, name in enumerate(shown):
            plot = self.plots[name]
            plot.setMinimumHeight(_LEAST_ROW_HEIGHT_PX)
            self._layout.addWidget(plot, index // columns, index % columns)
            plot.show()
        for column in range(_MOST_COLUMNS):
            self._layout.setColumnStretch(column, 1 if column < columns else 0)

    def _draw_stale(self) -> None:
        """Draw one plot in view; the others follow one by one, as all at once would hold up the window."""
        if self._curves_of is None or not self.isVisible():
            return
        self._stale &= set(self.plots)
        name = next((name for name in self.plots if name in self._stale and self.plots[name].is_in_view()), None)
        if name is not None:
            self._stale.discard(name)
            self.plots[name].show_curves(self._curves_of(name))
            self._drawer.start()
