"""One line of "swatch label value" entries above a plot."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.theme import secondary_font, theme, theme_changed

_SWATCH_PX = 14
_GAP_PX = 4
_ENTRY_GAP_PX = 12


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A curve's swatch, name and value. `color` is `None` for plain text without a swatch."""

    label: str
    value: str = ""
    color: QColor | None = None
    is_diamond: bool = False


class LegendStrip(QWidget):
    """Paints entries side by side; what does not fit is left out from the end and stays in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[LegendEntry, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFont(secondary_font())
        self.setFixedHeight(self.fontMetrics().height() + 4)
        theme_changed.changed.connect(self.update)

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        """What is shown."""
        return self._entries

    def set_entries(self, entries: tuple[LegendEntry, ...]) -> None:
        """Show these."""
        if entries != self._entries:
            self._entries = entries
            self.setToolTip("   ".join(f"{entry.label} {entry.value}".strip() for entry in entries))
            self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().plot_background)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = 0.0
        for entry in self._entries:
            width = self._width_of(entry)
            if x > 0 and x + width > self.width():
                break
            self._paint_entry(painter, entry, x)
            x += width + _ENTRY_GAP_PX

    def _width_of(self, entry: LegendEntry) -> float:
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(entry.label)
        if entry.color is not None:
            width += _SWATCH_PX + _GAP_PX
        if entry.value:
            width += _GAP_PX + metrics.horizontalAdvance(entry.value)
        return width

    def _paint_entry(self, painter: QPainter, entry: LegendEntry, x: float) -> None:
        if entry.color is not None:
            self._paint_swatch(painter, entry, x)
            x += _SWATCH_PX + _GAP_PX
        colors = theme()
        painter.setPen(colors.secondary_text)
        x = self._paint_text(painter, entry.label, x)
        painter.setPen(colors.text)
        if entry.value:
            self._paint_text(painter, entry.value, x + _GAP_PX)

    def _paint_text(self, painter: QPainter, text: str, x: float) -> float:
        width = self.fontMetrics().horizontalAdvance(text)
        area = QRectF(x, 0, width + 2, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return x + width

    def _paint_swatch(self, painter: QPainter, entry: LegendEntry, x: float) -> None:
        middle = self.height() / 2
        color = entry.color or theme().text
        if entry.is_diamond:
            center, size = x + _SWATCH_PX / 2, 4.5
            corners = (center - size, middle), (center, middle - size), (center + size, middle), (center, middle + size)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
        else:
            painter.setPen(QPen(color, 2))
            painter.drawLine(QPointF(x, middle), QPointF(x + _SWATCH_PX, middle))
