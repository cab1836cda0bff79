"""How many samples of each class there are, as bars with their names; a click shows only that class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.theme import secondary_font, theme, theme_changed
from app.widgets.colors import blend

_ROW_PX = 20
_GAP_PX = 6
_SWATCH_PX = 10
_MOST_NAME_PX = 96
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Bar:
    """One class.

    Attributes:
        name: Its name.
        value: How much of it there is, in the training data.
        text: That, for a person.
        after: How much there is after balancing; `None` where nothing is balanced.
        tip: More about it.
        color: In which it is drawn in pictures; `None` where it is not.
    """

    name: str
    value: float
    text: str
    after: float | None = None
    tip: str = ""
    color: QColor | None = None


class ClassHistogram(QWidget):
    """Horizontal bars, also the legend of the colours in pictures. An outline shows what balancing makes of a class.

    Signals:
        chosen: Number of the class that was clicked; -1 if it was the chosen one.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self._chosen = -1
        self._font = secondary_font()
        self._metrics = QFontMetrics(self._font)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Samples of each class")
        self.setMouseTracking(True)
        theme_changed.changed.connect(self.update)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What is shown."""
        return self._bars

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show one bar per class, by number; the first two hundred."""
        self._bars = tuple(bars[:MOST_SHOWN])
        self.updateGeometry()
        self.update()

    def mark(self, number: int) -> None:
        """Show which class is chosen; -1 for none."""
        self._chosen = number
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW_PX * len(self._bars))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _ROW_PX * len(self._bars))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        most = max((max(bar.value, bar.after or 0) for bar in self._bars), default=0) or 1
        widest = max((self._metrics.horizontalAdvance(bar.name) for bar in self._bars), default=0)
        names = min(_MOST_NAME_PX, widest + 4)
        figures = max((self._metrics.horizontalAdvance(bar.text) for bar in self._bars), default=0)
        swatches = _SWATCH_PX + _GAP_PX if any(bar.color is not None for bar in self._bars) else 0
        room = max(20, self.width() - swatches - names - figures - 2 * _GAP_PX)
        for number, bar in enumerate(self._bars):
            self._paint_bar(painter, number, bar, swatches, names, room / most)
        if self.hasFocus():
            painter.setPen(theme().accent)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_bar(
        self, painter: QPainter, number: int, bar: Bar, swatches_px: int, names_px: int, px_per_unit: float
    ) -> None:
        colors = theme()
        top = number * _ROW_PX
        if number == self._chosen:
            painter.fillRect(QRectF(0, top, self.width(), _ROW_PX), colors.selection)
        centered = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(colors.text)
        name = self._metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, names_px)
        if bar.color is not None:
            painter.fillRect(QRectF(2, top + (_ROW_PX - _SWATCH_PX) / 2, _SWATCH_PX, _SWATCH_PX), bar.color)
        painter.drawText(QRectF(2 + swatches_px, top, names_px, _ROW_PX), centered | Qt.AlignmentFlag.AlignLeft, name)
        left = swatches_px + names_px + _GAP_PX
        length = max(1.0, bar.value * px_per_unit) if bar.value else 0.0
        painter.fillRect(QRectF(left, top + 5, length, _ROW_PX - 10), blend(colors.accent, colors.surface, 0.25))
        if bar.after is not None and bar.after != bar.value:
            pen = QPen(colors.text, 1, Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.drawRect(QRectF(left, top + 4.5, max(1.0, bar.after * px_per_unit), _ROW_PX - 9))
        painter.setPen(colors.secondary_text)
        right = QRectF(0, top, self.width() - 2, _ROW_PX)
        painter.drawText(right, centered | Qt.AlignmentFlag.AlignRight, bar.text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step and self._bars:
            self._choose(max(0, min(len(self._bars) - 1, self._chosen + step)), again=True)
        elif event.key() == Qt.Key.Key_Escape and self._chosen >= 0:
            self._choose(self._chosen)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self._at(QPointF(event.pos()))
            bar = self._bars[number] if number >= 0 else None
            QToolTip.showText(event.globalPos(), f"{bar.name}: {bar.tip or bar.text}" if bar else "", self)
            return True
        return super().event(event)

    def _at(self, place: QPointF) -> int:
        number = int(place.y() // _ROW_PX)
        return number if 0 <= number < len(self._bars) else -1

    def _choose(self, number: int, *, again: bool = False) -> None:
        if number < 0 or (again and number == self._chosen):
            return
        self.chosen.emit(-1 if number == self._chosen else number)
