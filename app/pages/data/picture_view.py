"""Shows one picture as large as there is room."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.icons import icon_pixmap
from app.theme import secondary_font, theme, theme_changed

_CAPTION_PX = 18
_MARK_PX = 48


class PictureView(QWidget):
    """A picture in its proportions, with a caption below. Small ones are enlarged so that every pixel stays a square.

    Args:
        least_px: Width and height at least.
    """

    def __init__(self, least_px: int = 96, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._caption = ""
        self._missing = ""
        self.setMinimumSize(least_px, least_px + _CAPTION_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme_changed.changed.connect(self.update)

    @property
    def image(self) -> QImage:
        """What is shown; null while there is nothing."""
        return self._image

    @property
    def caption(self) -> str:
        """The text below it."""
        return self._caption

    def show_image(self, image: QImage, caption: str = "") -> None:
        """Show another picture; a null one leaves the place empty."""
        self._image, self._caption, self._missing = image, caption, ""
        self.setAccessibleName(caption)
        self.setToolTip(caption)
        self.update()

    def show_missing(self, text: str) -> None:
        """Say in its place why there is no picture."""
        self.show_image(QImage())
        self._missing = text
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return QSize(160, 160 + _CAPTION_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.rect().adjusted(0, 0, 0, -_CAPTION_PX)
        if self._image.isNull():
            if self._missing:
                self._paint_missing(painter, room)
            return
        place = _fitted(self._image.size(), room)
        is_enlarged = place.width() > self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_enlarged)
        painter.drawImage(place, self._image)
        painter.setFont(secondary_font())
        painter.setPen(theme().secondary_text)
        line = QRect(0, place.bottom() + 2, self.width(), _CAPTION_PX)
        text = painter.fontMetrics().elidedText(self._caption, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_missing(self, painter: QPainter, room: QRect) -> None:
        painter.fillRect(room, theme().surface)
        mark = icon_pixmap("image", _MARK_PX, "secondary_text", self.devicePixelRatioF())
        half = _MARK_PX // 2
        painter.drawPixmap(room.center() - QPoint(half, _MARK_PX), mark)
        painter.setPen(theme().secondary_text)
        below = room.adjusted(12, room.height() // 2 + half, -12, 0)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, self._missing)


def _fitted(size: QSize, room: QRect) -> QRect:
    times = min(room.width() // max(1, size.width()), room.height() // max(1, size.height()))
    wanted = size * times if times >= 1 else size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(room.topLeft(), wanted)
    place.moveLeft(room.left() + (room.width() - place.width()) // 2)
    return place
