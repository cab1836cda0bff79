"""The colours, fonts and style of the whole window, light and dark, following the system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

ThemeMode = Literal["system", "light", "dark"]

BODY_PX: Final = 13
SECONDARY_PX: Final = 11
FIGURE_PX: Final = 20


@dataclass(frozen=True)
class Theme:
    """One set of colours; text colours have a contrast of at least 4.5:1 on `window` and on `surface`.

    Attributes:
        name: "light" or "dark".
        window: Behind everything.
        surface: Fields, lists, cards: what holds content.
        text: Normal text.
        secondary_text: Units, hints, times.
        border: Lines between areas and around fields.
        accent: Leaf green: the one accent; focus, links, progress.
        error: Errors only.
        warning: Warnings only.
        information: Information only.
        plot_background: Behind curves.
        plot_grid: Grid lines of plots.
        selection: Behind selected text and rows; `text` is read on it.
        curve_colors: Okabe and Ito's colour-blind-safe set, moved towards contrast with `plot_background`
            (at least 3:1). The same position is the same hue in both themes.
            https://jfly.uni-koeln.de/color/
    """

    name: Literal["light", "dark"]
    window: QColor
    surface: QColor
    text: QColor
    secondary_text: QColor
    border: QColor
    accent: QColor
    error: QColor
    warning: QColor
    information: QColor
    plot_background: QColor
    plot_grid: QColor
    selection: QColor
    curve_colors: tuple[QColor, ...]


# Curve order: blue, vermilion, green, purple, orange, sky blue, yellow, grey.
LIGHT: Final = Theme(
    name="light",
    window=QColor("#f4f6f4"),
    surface=QColor("#ffffff"),
    text=QColor("#1b1f1c"),
    secondary_text=QColor("#5a625c"),
    border=QColor("#cdd3ce"),
    accent=QColor("#2a7a2f"),
    error=QColor("#b3261e"),
    warning=QColor("#8a5200"),
    information=QColor("#0b5fa5"),
    plot_background=QColor("#ffffff"),
    plot_grid=QColor("#dfe4e0"),
    selection=QColor("#d3ebd5"),
    curve_colors=tuple(
        QColor(name)
        for name in ("#0072b2", "#d55e00", "#008f68", "#b8608f", "#b07800", "#2b8cc4", "#857c00", "#4b514d")
    ),
)

DARK: Final = Theme(
    name="dark",
    window=QColor("#1d211f"),
    surface=QColor("#282d2a"),
    text=QColor("#e6eae7"),
    secondary_text=QColor("#a4aea7"),
    border=QColor("#3d453f"),
    accent=QColor("#7cc47f"),
    error=QColor("#ff8a80"),
    warning=QColor("#f2b84b"),
    information=QColor("#7fb8f0"),
    plot_background=QColor("#1a1d1b"),
    plot_grid=QColor("#323934"),
    selection=QColor("#2b4b2f"),
    curve_colors=tuple(
        QColor(name)
        for name in ("#3d9be0", "#f07a2b", "#1fbf8f", "#d995bb", "#e69f00", "#8fd0f5", "#f0e442", "#c3cac5")
    ),
)


class ThemeChanged(QObject):
    """Tells when the theme has changed; the new one is `theme()`."""

    changed = Signal()


class _State:
    theme: Theme = LIGHT
    mode: ThemeMode = "system"
    followed: QApplication | None = None


theme_changed: Final = ThemeChanged()


def theme() -> Theme:
    """Gives the theme in use."""
    return _State.theme


def theme_mode() -> ThemeMode:
    """Gives what the person chose: "system", "light" or "dark"."""
    return _State.mode


def apply_theme(app: QApplication, mode: ThemeMode = "system") -> None:
    """Gives the application its style, colours and fonts, and keeps following the system if asked to.

    Args:
        app: The running application.
        mode: "light", "dark", or "system" to follow the system's scheme while the window is open.
    """
    _State.mode = mode
    hints = app.styleHints()
    if _State.followed is not app:
        app.setStyle("Fusion")
        app.setFont(body_font())
        hints.colorSchemeChanged.connect(_follow_system)
        _State.followed = app
    hints.setColorScheme(_SCHEMES[mode])  # also turns the title bar, where the platform has one
    _use(app, _theme_for(mode))


_SCHEMES: Final = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


def _theme_for(mode: ThemeMode) -> Theme:
    if mode == "system":
        return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
    return DARK if mode == "dark" else LIGHT


def _follow_system() -> None:
    app = QApplication.instance()
    if _State.mode == "system" and isinstance(app, QApplication):
        _use(app, _theme_for("system"))


def _use(app: QApplication, new: Theme) -> None:
    differs = new is not _State.theme
    _State.theme = new
    app.setPalette(palette_of(new))
    for widget_class in _EDGED_WIDGETS:
        app.setPalette(_with_visible_edges_and_focus(new), widget_class)  # type: ignore[arg-type]  # stub says bytes, Qt takes str
    sheet = stylesheet_of(new)
    if app.styleSheet() != sheet:  # setting a style sheet polishes every widget again
        app.setStyleSheet(sheet)
    if differs:
        theme_changed.changed.emit()


def body_font() -> QFont:
    """Gives the font of normal text: the system's, 13 px, figures of equal width where it has them."""
    return _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont), BODY_PX)


def secondary_font() -> QFont:
    """Gives the font of hints, units and captions: 11 px."""
    return _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont), SECONDARY_PX)


def figure_font() -> QFont:
    """Gives the font of the large figures on cards: 20 px."""
    return _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont), FIGURE_PX)


def mono_font() -> QFont:
    """Gives the font of logs, code and YAML: the system's fixed-width font, 13 px."""
    font = _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont), BODY_PX)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def _sized(font: QFont, size_px: int) -> QFont:
    # In points, although the design counts pixels: pyqtgraph reads the point size, which a size in pixels leaves at -1.
    screen = QGuiApplication.primaryScreen()
    font.setPointSizeF(size_px * 72 / screen.logicalDotsPerInchY())
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def palette_of(colors: Theme) -> QPalette:
    """Gives Qt's palette for a theme, its disabled colours included."""
    role = QPalette.ColorRole
    dark = colors.name == "dark"
    palette = QPalette()
    pairs = {
        role.Window: colors.window,
        role.WindowText: colors.text,
        role.Base: colors.surface,
        role.AlternateBase: _mixed(colors.surface, colors.window, 0.6),
        role.Text: colors.text,
        role.Button: colors.surface if dark else _mixed(colors.surface, colors.window, 0.5),
        role.ButtonText: colors.text,
        role.BrightText: colors.error,
        role.ToolTipBase: colors.surface,
        role.ToolTipText: colors.text,
        role.PlaceholderText: colors.secondary_text,
        role.Highlight: colors.selection,
        role.HighlightedText: colors.text,
        role.Accent: colors.accent,
        role.Link: colors.accent,
        role.LinkVisited: colors.accent,
        role.Light: colors.surface.lighter(130) if dark else QColor("white"),
        role.Midlight: _mixed(colors.border, colors.surface, 0.5),
        role.Mid: colors.border,
        role.Dark: colors.border.darker(130),
        role.Shadow: QColor("black") if dark else colors.border.darker(200),
    }
    for key, color in pairs.items():
        palette.setColor(key, color)
    faded = disabled_text(colors)
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, faded)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, colors.border)
    return palette


# Fusion draws the edges of these 1.4 times darker than the window's colour, which no one sees on a dark window,
# and their focus in the colour of selected text.
_EDGED_WIDGETS: Final = ("QCheckBox", "QRadioButton", "QComboBox", "QLineEdit", "QAbstractSpinBox", "QSlider")


def _with_visible_edges_and_focus(colors: Theme) -> QPalette:
    palette = palette_of(colors)
    palette.setColor(QPalette.ColorRole.Window, _mixed(colors.border, colors.secondary_text, 0.5).lighter(140))
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Highlight, colors.accent)
        on_accent = colors.window if colors.name == "dark" else colors.surface
        palette.setColor(group, QPalette.ColorRole.HighlightedText, on_accent)
    return palette


def disabled_text(colors: Theme) -> QColor:
    """Gives the grey of text and icons that cannot be used now."""
    return _mixed(colors.secondary_text, colors.surface, 0.4)


def _mixed(first: QColor, second: QColor, second_fraction: float) -> QColor:
    def channel(one: float, two: float) -> float:
        return one * (1 - second_fraction) + two * second_fraction

    return QColor.fromRgbF(
        channel(first.redF(), second.redF()),
        channel(first.greenF(), second.greenF()),
        channel(first.blueF(), second.blueF()),
    )


def stylesheet_of(colors: Theme) -> str:
    """Gives the style sheet: only what a palette cannot say."""
    names = {key: value.name() for key, value in vars(colors).items() if isinstance(value, QColor)}
    names["hover"] = _mixed(colors.window, colors.text, 0.07).name()
    names["pressed"] = _mixed(colors.window, colors.text, 0.14).name()
    names["disabled"] = disabled_text(colors).name()
    return _SHEET % names


_SHEET: Final = """
SecondaryLabel { color: %(secondary_text)s; }
SecondaryLabel:disabled { color: %(disabled)s; }
QToolBar { background: %(window)s; border: none; border-bottom: 1px solid %(border)s; padding: 4px 8px; spacing: 4px; }
QToolBar::separator { background: %(border)s; width: 1px; margin: 4px; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 4px; }
QToolButton[popupMode="1"] { padding-right: 18px; }
QToolButton:hover { background: %(hover)s; }
QToolButton:pressed, QToolButton:checked { background: %(pressed)s; }
QToolButton:focus { border-color: %(accent)s; }
QToolButton::menu-button { border: none; width: 16px; }
QToolButton:disabled { color: %(disabled)s; }
QPushButton { background: %(surface)s; border: 1px solid %(border)s; border-radius: 4px; padding: 4px 12px;
  min-height: 18px; }
QPushButton:hover { background: %(hover)s; }
QPushButton:pressed, QPushButton:checked { background: %(pressed)s; }
QPushButton:default { border-color: %(accent)s; }
QPushButton:focus { border: 2px solid %(accent)s; padding: 3px 11px; outline: none; }
QPushButton:disabled { color: %(disabled)s; background: %(window)s; }
QTabWidget::pane { border: none; border-top: 1px solid %(border)s; }
QTabBar::tab { padding: 7px 12px 6px 12px; border: none; border-bottom: 2px solid transparent;
  color: %(secondary_text)s; }
QTabBar::tab:hover { background: %(hover)s; color: %(text)s; }
QTabBar::tab:selected { color: %(text)s; border-bottom-color: %(accent)s; }
QTabBar::tab:focus { background: %(hover)s; color: %(accent)s; }
QTabBar::tab:disabled { color: %(disabled)s; }
QSplitter::handle { background: %(border)s; }
QSplitter::handle:horizontal { width: 1px; margin: 0 2px; }
QSplitter::handle:vertical { height: 1px; margin: 2px 0; }
QSplitter::handle:hover { background: %(accent)s; }
QMenu { background: %(surface)s; border: 1px solid %(border)s; padding: 4px 0; }
QMenu::item { padding: 5px 24px 5px 12px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: %(selection)s; color: %(text)s; }
QMenu::item:disabled { color: %(disabled)s; }
QMenu::separator { height: 1px; background: %(border)s; margin: 4px 0; }
QMenuBar::item { padding: 4px 8px; background: transparent; }
QMenuBar::item:selected { background: %(hover)s; }
QStatusBar { border-top: 1px solid %(border)s; }
QStatusBar::item { border: none; }
QToolTip { background: %(surface)s; color: %(text)s; border: 1px solid %(border)s; padding: 4px 6px; }
QHeaderView::section { background: %(window)s; color: %(secondary_text)s; border: none;
  border-bottom: 1px solid %(border)s; padding: 4px 6px; }
QTreeView:focus, QTableView:focus, QListView:focus, QPlainTextEdit:focus,
QTextEdit:focus { border: 1px solid %(accent)s; }
QProgressBar { border: none; border-radius: 3px; background: %(border)s; text-align: center; }
QProgressBar::chunk { border-radius: 3px; background: %(accent)s; }
"""
