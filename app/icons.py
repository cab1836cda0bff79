"""Icons by name, drawn from the Lucide set in the colour of the theme, sharp at every scale."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QImage, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from app.theme import Theme, disabled_text, theme

ICONS_FOLDER: Final = Path(__file__).resolve().parent.parent / "resources" / "icons"
APP_ICON_FILE: Final = ICONS_FOLDER.parent / "app_icon.svg"

ALIASES: Final = {
    "check-circle": "circle-check",
    "alert-triangle": "triangle-alert",
    "x-circle": "circle-x",
    "help-circle": "circle-help",
    "bar-chart": "chart-line",
}


def icon_names() -> frozenset[str]:
    """Gives every name `icon` accepts, other names for the same picture included."""
    return frozenset(path.stem for path in ICONS_FOLDER.glob("*.svg")) | frozenset(ALIASES)


def icon(name: str, color: QColor | str | None = None) -> QIcon:
    """Gives an icon that takes the theme's colours when it is painted, so a change of theme needs no new icon.

    Args:
        name: A name from the Lucide set that is in `resources/icons`, such as "play".
        color: A fixed colour, or the name of one of the theme's colours such as "accent"; normal text if absent.

    Raises:
        KeyError: If there is no such icon, or the theme has no colour of that name.
    """
    if isinstance(color, str) and not isinstance(getattr(theme(), color, None), QColor):
        raise KeyError(f"the theme has no colour {color!r}; use a QColor or one of the colours in app/theme.py")
    return QIcon(_TintedEngine(_svg_file(name), color))


def icon_pixmap(name: str, size_px: int, color: QColor | str | None = None, pixel_ratio: float = 1.0) -> QPixmap:
    """Gives an icon as a picture of `size_px` device-independent pixels, in the theme's colours of this moment."""
    device_px = round(size_px * pixel_ratio)
    pixmap = _rendered(_svg_file(name), QSize(device_px, device_px), _tint(color, QIcon.Mode.Normal, theme()))
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap


def app_icon() -> QIcon:
    """Gives the application's own icon, in its own colours."""
    return QIcon(str(APP_ICON_FILE))


class _TintedEngine(QIconEngine):
    """Draws one SVG file in a colour that is looked up at the moment of painting."""

    def __init__(self, svg_file: Path, color: QColor | str | None) -> None:
        super().__init__()
        self._svg_file = svg_file
        self._color = color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, ratio))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State, scale: float) -> QPixmap:
        pixmap = _rendered(self._svg_file, size * scale, _tint(self._color, mode, theme()))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        copy = _TintedEngine(self._svg_file, self._color)
        _copies_given_to_qt.append(copy)
        return copy


# PySide frees what clone() returns as soon as Python drops it, although Qt owns it then: keep it for ever.
# Qt clones an engine only when a caller adds a picture to one of our icons, so this stays (nearly) empty.
_copies_given_to_qt: Final[list[QIconEngine]] = []


def _svg_file(name: str) -> Path:
    path = ICONS_FOLDER / f"{ALIASES.get(name, name)}.svg"
    if not path.is_file():
        raise KeyError(f"there is no icon {name!r}; add it to {ICONS_FOLDER} from the Lucide set")
    return path


def _tint(color: QColor | str | None, mode: QIcon.Mode, colors: Theme) -> QColor:
    if mode == QIcon.Mode.Disabled:
        return disabled_text(colors)
    if color is None:
        return colors.text
    return QColor(getattr(colors, color)) if isinstance(color, str) else color


def _rendered(svg_file: Path, size: QSize, color: QColor) -> QPixmap:
    key = f"modelgardener:{svg_file.stem}:{size.width()}x{size.height()}:{color.name(QColor.NameFormat.HexArgb)}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    pixmap = QPixmap.fromImage(_drawn(svg_file, size, color))
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _drawn(svg_file: Path, size: QSize, color: QColor) -> QImage:
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    side = min(size.width(), size.height())
    square = QRectF((size.width() - side) / 2, (size.height() - side) / 2, side, side)
    _renderer(svg_file).render(painter, square)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), color)
    painter.end()
    return image


@functools.cache
def _renderer(svg_file: Path) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(svg_file.read_bytes()))
