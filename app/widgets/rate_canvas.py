"""A plot around the learning rate: one curve, another one faint behind it, a mark, values under the mouse, export."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QFileDialog, QMenu

from app.icons import icon
from app.theme import theme, theme_changed
from app.widgets.colors import blend
from app.widgets.format import format_short_number
from app.widgets.plot_axes import ValueAxis, log_ticks, style_axis

_LEAST_HEIGHT_PX = 220
_LEAST_TICK_DISTANCE_PX = 56
_MARK_PX = 11
_FADE = 0.6


@dataclass(frozen=True, slots=True)
class RatePoints:
    """What the canvas shows.

    Attributes:
        across: Places on the horizontal axis, rising.
        values: The curve, of the same length.
        faint: Another curve over the same places, drawn behind it; empty for none.
        mark: Place on the horizontal axis that is marked; `None` for none.
    """

    across: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    faint: list[float] = field(default_factory=list)
    mark: float | None = None

    def as_csv(self, across: str, value: str) -> str:
        """The curve as text, one row per place, with a header."""
        rows = [f"{x!r},{y!r}" for x, y in zip(self.across, self.values, strict=True)]
        return "\n".join([f"{across},{value}", *rows]) + "\n"


class RateCanvas(pg.PlotWidget):  # type: ignore[misc]
    """The axes and the curve. Wheel and drag zoom and pan, a double click shows everything again.

    Signals:
        hovered: What the place under the mouse says, empty when it leaves.

    Args:
        across: What the horizontal axis means, such as `epoch`.
        value: What the vertical axis means, such as `learning rate`.
        is_log_across: The horizontal axis is logarithmic.
        color_place: Place of the curve's colour in the theme.
    """

    hovered = Signal(str)

    def __init__(self, across: str, value: str, *, is_log_across: bool = False, color_place: int = 0) -> None:
        self._bottom = _LogAxis() if is_log_across else pg.AxisItem("bottom")
        super().__init__(axisItems={"bottom": self._bottom, "left": ValueAxis()}, viewBox=pg.ViewBox(enableMenu=False))
        self.points = RatePoints()
        self._across, self._value = across, value
        self._is_log_across = is_log_across
        self._color_place = color_place
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())  # nobody else would free it
        plot.getAxis("left").setWidth(72)
        plot.setContentsMargins(0, 8, 12, 0)
        self._faint = pg.PlotDataItem(antialias=True, connect="finite")
        self._curve = pg.PlotDataItem(antialias=True, connect="finite")
        self._mark_line = pg.InfiniteLine(angle=90, movable=False)
        self._mark = pg.PlotDataItem(pen=None, symbol="d", symbolSize=_MARK_PX)
        for item in (self._faint, self._curve, self._mark):
            plot.addItem(item)
        plot.addItem(self._mark_line, ignoreBounds=True)
        if is_log_across:
            plot.setLogMode(x=True, y=False)
        self.setMouseTracking(True)
        self.setMinimumHeight(_LEAST_HEIGHT_PX)
        self.setAccessibleName(f"{value} over {across}")
        theme_changed.changed.connect(self.restyle)
        self.show_points(self.points)
        self.restyle()

    def show_points(self, points: RatePoints) -> None:
        """Draw these instead of what was drawn."""
        self.points = points
        self._curve.setData(_array(points.across), _array(points.values))
        self._faint.setData(*((_array(points.across), _array(points.faint)) if points.faint else ([], [])))
        has_mark = points.mark is not None and bool(points.across)
        self._mark_line.setVisible(has_mark)
        if points.mark is not None and points.across:
            value = float(np.interp(points.mark, points.across, points.values))
            self._mark.setData([points.mark], [value])
            self._mark_line.setPos(np.log10(points.mark) if self._is_log_across else points.mark)
        else:
            self._mark.setData([], [])
        self.getPlotItem().enableAutoRange()

    def restyle(self) -> None:
        """Take the theme's colours."""
        colors = theme()
        main = colors.curve_colors[self._color_place]
        self.setBackground(colors.plot_background)
        plot = self.getPlotItem()
        for name in ("left", "bottom"):
            style_axis(plot.getAxis(name))
            text = self._value if name == "left" else self._across
            plot.setLabel(name, text, color=colors.secondary_text.name(), **{"font-size": "11px"})
        plot.showGrid(x=self._is_log_across, y=True, alpha=0.35 if colors.name == "light" else 0.5)
        self._curve.setPen(pg.mkPen(main, width=1))
        self._faint.setPen(pg.mkPen(blend(main, colors.plot_background, _FADE), width=1))
        self._mark_line.setPen(pg.mkPen(colors.accent, style=Qt.PenStyle.DashLine))
        self._mark.setSymbolBrush(colors.accent)
        self._mark.setSymbolPen(pg.mkPen(colors.plot_background, width=1))

    def text_at(self, across: float) -> str:
        """What the curve says at the point nearest to a place on the horizontal axis; empty without a curve."""
        places = _array(self.points.across)
        if not len(places):
            return ""
        scaled = np.log10(places) if self._is_log_across else places
        wanted = np.log10(across) if self._is_log_across and across > 0 else across
        nearest = int(np.abs(scaled - wanted).argmin())
        here, value = self.points.across[nearest], self.points.values[nearest]
        return f"{self._across} {format_short_number(here)} · {self._value} {format_short_number(value)}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = QPointF(self.mapToScene(event.position().toPoint()))
        view = self.getViewBox()
        if view.sceneBoundingRect().contains(place):
            across = view.mapSceneToView(place).x()
            self.hovered.emit(self.text_at(10.0**across if self._is_log_across else across))
        else:
            self.hovered.emit("")

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.hovered.emit("")

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.getPlotItem().enableAutoRange()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(icon("maximize"), "Show everything").triggered.connect(self.getPlotItem().enableAutoRange)
        menu.addAction(icon("copy"), "Copy the values").triggered.connect(self.copy_values)
        menu.addAction(icon("camera"), "Save as a picture…").triggered.connect(self._ask_for_file)
        menu.popup(event.globalPos())

    def copy_values(self) -> None:
        """Put the curve on the clipboard, as comma-separated values."""
        QGuiApplication.clipboard().setText(self.points.as_csv(self._across, self._value))

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, "Save the plot", str(Path.home() / f"{self._value}.png"), "PNG pictures (*.png)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.fileSelected.connect(lambda path: self.grab().save(path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


class _LogAxis(pg.AxisItem):  # type: ignore[misc]
    """Bottom axis over powers of ten."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        return [(1.0, log_ticks(minVal, maxVal, max(2, int(size / _LEAST_TICK_DISTANCE_PX))))]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        return [format_short_number(float(f"{10.0**value:.4g}")) for value in values]


def _array(values: list[float]) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    array[~np.isfinite(array)] = np.nan
    return array
