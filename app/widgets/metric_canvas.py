"""The drawing of one metric: batches faint, training lighter, validation solid, best epoch a diamond."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QWheelEvent

from app.theme import Theme, theme
from app.widgets.colors import blend
from app.widgets.curves import Curve, MetricCurves
from app.widgets.plot_axes import EpochAxis, ValueAxis, style_axis

_TRAIN_FADE = 0.40
_BATCH_FADE = 0.72
_MOST_EPOCHS_WITH_DOTS = 12
_DOT_PX = 4
_DIAMOND_PX = 10
_LEAST_HEIGHT_PX = 60


class MetricCanvas(pg.PlotWidget):  # type: ignore[misc]
    """The axes and curves of one plot.

    Signals:
        hovered: The epoch position (float) under the mouse, or `None` when it leaves.
        menu_requested: Global position of a right click.
    """

    hovered = Signal(object)
    menu_requested = Signal(object)

    def __init__(self, color_index: int, *, shows_single_curve: bool = False) -> None:
        super().__init__(
            axisItems={"bottom": EpochAxis("bottom"), "left": ValueAxis()}, viewBox=pg.ViewBox(enableMenu=False)
        )
        self._color_index = color_index
        self._shows_single_curve = shows_single_curve
        self._curves = MetricCurves()
        self._drawn_in: Theme | None = None
        self._bounds_ignore_batches = False
        self.is_log = False
        self.wheel_zooms = True
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        # Never shown, but it holds the plot's settings, and nobody else would free it.
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())
        plot.setContentsMargins(0, 4, 8, 0)
        self._batch_item = self._new_curve()
        self._train_item = self._new_curve()
        self._validation_item = self._new_curve()
        self._best_item = pg.PlotDataItem(pen=None, symbol="d", symbolSize=_DIAMOND_PX)
        self._hover_line = pg.InfiniteLine(angle=90, movable=False)
        self._hover_line.hide()
        for item in (self._batch_item, self._train_item, self._validation_item, self._best_item):
            plot.addItem(item)
        plot.addItem(self._hover_line, ignoreBounds=True)
        self.setMouseTracking(True)
        self.setMinimumHeight(_LEAST_HEIGHT_PX)
        self.restyle()

    @property
    def main_color(self) -> QColor:
        """Colour of the curve that matters."""
        return theme().curve_colors[self._color_index]

    @property
    def train_color(self) -> QColor:
        """Colour of the training curve."""
        if self._shows_single_curve:
            return self.main_color
        return blend(self.main_color, theme().plot_background, _TRAIN_FADE)

    @property
    def is_zoomed(self) -> bool:
        """Whether the reader moved away from showing everything."""
        return not all(self.getViewBox().autoRangeEnabled())

    def show_curves(self, curves: MetricCurves) -> None:
        """Draw these instead of what was drawn."""
        if theme() is not self._drawn_in or not _have_same_epochs(curves, self._curves):
            self._draw_epochs(curves)
            self._drawn_in = theme()
        self._curves = curves
        self._ignore_batches_in_bounds(curves.num_epochs >= 2)
        fade = _BATCH_FADE if curves.num_epochs else _TRAIN_FADE
        self._batch_item.setPen(pg.mkPen(blend(self.main_color, theme().plot_background, fade), width=1))
        dot = "o" if len(curves.batches) == 1 else None
        self._batch_item.setData(
            curves.batches.epochs,
            curves.batches.values,
            symbol=dot,
            symbolSize=_DOT_PX,
            symbolPen=None,
            symbolBrush=self.main_color,
        )
        if self.isVisible():
            self.scene().prepareForPaint()  # new bounds found while painting would paint everything a second time

    def set_log(self, is_log: bool) -> None:
        """Switch the value axis to logarithmic or back; values of zero and below become gaps."""
        self.is_log = is_log
        self.getPlotItem().setLogMode(x=False, y=is_log)
        self.reset_zoom()

    def reset_zoom(self) -> None:
        """Show everything, and keep doing so."""
        self.getPlotItem().enableAutoRange()

    def mark(self, epoch: int | None) -> None:
        """Put the hover line on an epoch, or hide it."""
        self._hover_line.setVisible(epoch is not None)
        if epoch is not None:
            self._hover_line.setPos(epoch)

    def restyle(self) -> None:
        """Take the theme's colours."""
        colors = theme()
        self.setBackground(colors.plot_background)
        for name in ("left", "bottom"):
            style_axis(self.getPlotItem().getAxis(name))
        grid = pg.mkPen(colors.plot_grid)
        self._hover_line.setPen(pg.mkPen(colors.secondary_text, style=Qt.PenStyle.DotLine))
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.35 if colors.name == "light" else 0.5)
        self.getPlotItem().getAxis("left").setTickPen(grid)
        self._train_item.setPen(pg.mkPen(self.train_color, width=1))
        self._validation_item.setPen(pg.mkPen(self.main_color, width=1))
        self._best_item.setSymbolBrush(self.main_color)
        self._best_item.setSymbolPen(pg.mkPen(colors.plot_background, width=1))

    def _new_curve(self) -> Any:
        item = pg.PlotDataItem(antialias=True, connect="finite")
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        return item

    def _draw_epochs(self, curves: MetricCurves) -> None:
        self._draw(self._train_item, curves.train, self.train_color)
        self._draw(self._validation_item, curves.validation, self.main_color)
        best = curves.best_value
        has_best = best is not None and np.isfinite(best) and not self._shows_single_curve
        self._best_item.setData(*(([curves.best_epoch], [best]) if has_best else ([], [])))

    def _draw(self, item: Any, curve: Curve, color: QColor) -> None:
        """Few epochs get dots: a line needs two points to be seen at all."""
        dots = "o" if 0 < curve.num_finite <= _MOST_EPOCHS_WITH_DOTS else None
        item.setData(curve.epochs, curve.values, symbol=dots, symbolSize=_DOT_PX, symbolBrush=color, symbolPen=None)

    def _ignore_batches_in_bounds(self, ignore: bool) -> None:
        """Once there are epochs, the first wild batches must not squeeze them flat."""
        if ignore != self._bounds_ignore_batches:
            self._bounds_ignore_batches = ignore
            plot = self.getPlotItem()
            plot.removeItem(self._batch_item)
            plot.addItem(self._batch_item, ignoreBounds=ignore)
            self._batch_item.setZValue(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.wheel_zooms or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = self.mapToScene(event.position().toPoint())
        view = self.getViewBox()
        if view.sceneBoundingRect().contains(QPointF(place)):
            self.hovered.emit(view.mapSceneToView(QPointF(place)).x())
        else:
            self.hovered.emit(None)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.reset_zoom()

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(event.globalPos())


def _have_same_epochs(curves: MetricCurves, others: MetricCurves) -> bool:
    """Whether only the batches may differ: finished epochs keep their arrays until the next one ends."""
    return (
        curves.train is others.train
        and curves.validation is others.validation
        and curves.best_epoch == others.best_epoch
    )
