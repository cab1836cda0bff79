"""A card with one large figure and its recent course."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy

from app.icons import icon_pixmap
from app.theme import figure_font, secondary_font, theme, theme_changed
from app.widgets.colors import blend

_PADDING_PX = 8
_ICON_PX = 14
_POINTS_SHOWN = 120
_SHADE_FADE = 0.88


class FigureCard(QFrame):
    """Caption, figure, a small note beside it, and a sparkline below."""

    def __init__(self, caption: str, icon_name: str, *, color_place: int) -> None:
        super().__init__()
        self._caption = caption
        self._icon_name = icon_name
        self._color_place = color_place
        self._figure = ""
        self._note = ""
        self._course: tuple[float, ...] = ()
        self._top = 100.0
        self._small_font, self._large_font = secondary_font(), figure_font()
        self.setMinimumWidth(112)
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(caption)
        theme_changed.changed.connect(self.update)

    @property
    def figure(self) -> str:
        """The large figure as shown."""
        return self._figure

    @property
    def note(self) -> str:
        """The small text beside the figure."""
        return self._note

    def show_figure(self, figure: str, note: str, course: Sequence[float], top: float) -> None:
        """Show new values.

        Args:
            figure: The large figure with its unit.
            note: What it relates to, such as "of 24 GB".
            course: Recent values, oldest first; the last 120 are drawn.
            top: Value at the top edge of the sparkline.
        """
        shown = (figure, note, tuple(course[-_POINTS_SHOWN:]), top)
        if shown == (self._figure, self._note, self._course, self._top):
            return
        self._figure, self._note, self._course, self._top = shown
        self.setToolTip(f"{self._caption}: {figure} {note}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(150, 104)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme()
        painter.setPen(colors.border)
        painter.setBrush(colors.plot_background)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        bottom_of_text = self._paint_texts(painter)
        area = QRectF(1, bottom_of_text, self.width() - 2, self.height() - bottom_of_text - 2)
        self._paint_course(painter, area, colors.curve_colors[self._color_place])

    def _paint_texts(self, painter: QPainter) -> float:
        colors = theme()
        picture = icon_pixmap(self._icon_name, _ICON_PX, "secondary_text", self.devicePixelRatioF())
        painter.drawPixmap(QPointF(_PADDING_PX, _PADDING_PX), picture)
        small, large = QFontMetrics(self._small_font), QFontMetrics(self._large_font)
        painter.setFont(self._small_font)
        painter.setPen(colors.secondary_text)
        baseline = _PADDING_PX + (_ICON_PX + small.ascent() - small.descent()) / 2
        painter.drawText(QPointF(_PADDING_PX + _ICON_PX + 6, baseline), self._caption)
        baseline = _PADDING_PX + _ICON_PX + 4 + large.ascent()
        note_x = _PADDING_PX + large.horizontalAdvance(self._figure) + 6
        note = small.elidedText(self._note, Qt.TextElideMode.ElideRight, int(self.width() - note_x - _PADDING_PX))
        painter.drawText(QPointF(note_x, baseline), note)
        painter.setFont(self._large_font)
        painter.setPen(colors.text)
        painter.drawText(QPointF(_PADDING_PX, baseline), self._figure)
        return baseline + large.descent()

    def _paint_course(self, painter: QPainter, area: QRectF, color: QColor) -> None:
        if len(self._course) < 2 or area.height() < 8:
            return
        step = area.width() / (_POINTS_SHOWN - 1)
        left = area.right() - step * (len(self._course) - 1)
        top = max(self._top, 1e-9)
        points = []
        for index, value in enumerate(self._course):
            height = min(1.0, max(0.0, value / top)) * (area.height() - 2)
            points.append(QPointF(left + index * step, area.bottom() - height))
        corners = [QPointF(area.right(), area.bottom()), QPointF(left, area.bottom())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(color, theme().plot_background, _SHADE_FADE))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # the line covers the edge
        painter.drawPolygon(points + corners)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color, 1))
        painter.drawPolyline(points)
