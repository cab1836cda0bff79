"""Labels in the window's three sizes, which follow the theme and shorten text instead of cutting it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.icons import icon_pixmap
from app.theme import secondary_font, theme_changed


class SecondaryLabel(QLabel):
    """Small and grey: captions, units, hints. The theme's style sheet colours it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(secondary_font())


class ElidedLabel(QLabel):
    """One line that gives way in the middle; the whole text is in the tooltip while it is shortened."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_whole_text(text)

    def set_whole_text(self, text: str) -> None:
        """Show `text`, shortened to the space there is."""
        if text != self._whole:
            self._whole = text
            self._elide()
            self.updateGeometry()

    def whole_text(self) -> str:
        """The text before shortening."""
        return self._whole

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, max(0, self.width()))
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class IconLabel(QLabel):
    """An icon of the set in one of the theme's colours, sharp at every scale."""

    def __init__(self, size_px: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size_px = size_px
        self._shown: tuple[str, str] | None = None
        self.setFixedSize(size_px, size_px)
        theme_changed.changed.connect(self._draw)

    def set_icon(self, name: str, color: str = "secondary_text") -> None:
        """Show an icon in the theme's colour of that name."""
        if self._shown != (name, color):
            self._shown = (name, color)
            self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            self.setPixmap(QPixmap())
            return
        name, color = self._shown
        self.setPixmap(icon_pixmap(name, self._size_px, color, self.devicePixelRatioF()))


def show_steadily(label: QLabel, text: str, widest: str = "") -> None:
    """Show one line that changes often in a label of exactly the size it needs.

    Any other label makes the layouts around it work at every new text, whatever its width.

    Args:
        label: Where to show it.
        text: What to show.
        widest: A text to leave room for, so that the size hardly changes.
    """
    metrics = label.fontMetrics()
    width = max(metrics.horizontalAdvance(text), metrics.horizontalAdvance(widest))
    if (width, metrics.height()) != (label.minimumWidth(), label.minimumHeight()):
        label.setFixedSize(width, metrics.height())
    label.setText(text)
