from __future__ import annotations

from collections.abc import Generator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontInfo, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication, QPushButton

from app.theme import (
    DARK,
    LIGHT,
    Theme,
    apply_theme,
    body_font,
    figure_font,
    mono_font,
    palette_of,
    secondary_font,
    theme,
    theme_changed,
    theme_mode,
)

THEMES = pytest.mark.parametrize("colors", [LIGHT, DARK], ids=lambda colors: colors.name)


def luminance(color: QColor) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def contrast(first: QColor, second: QColor) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(autouse=True)
def theme_afterwards_as_before(qapp: QApplication) -> Generator[None, None, None]:
    apply_theme(qapp, "light")
    yield
    apply_theme(qapp, "system")


def test_contrast_is_measured_as_the_guidelines_say() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize("background", ["window", "surface"])
@pytest.mark.parametrize("name", ["text", "secondary_text", "accent", "error", "warning", "information"])
def test_text_colors_are_readable(colors: Theme, background: str, name: str) -> None:
    assert contrast(getattr(colors, name), getattr(colors, background)) >= 4.5


@THEMES
def test_selected_text_is_readable(colors: Theme) -> None:
    assert contrast(colors.text, colors.selection) >= 4.5


@THEMES
def test_curves_stand_out_from_the_plot_and_from_each_other(colors: Theme) -> None:
    names = {color.name() for color in colors.curve_colors}
    assert len(names) == len(colors.curve_colors) == 8
    assert min(contrast(color, colors.plot_background) for color in colors.curve_colors) >= 3


@THEMES
def test_every_text_in_the_palette_is_readable_on_its_background(colors: Theme) -> None:
    palette = palette_of(colors)
    role = QPalette.ColorRole
    for text, background in (
        (role.WindowText, role.Window),
        (role.Text, role.Base),
        (role.Text, role.AlternateBase),
        (role.ButtonText, role.Button),
        (role.ToolTipText, role.ToolTipBase),
        (role.HighlightedText, role.Highlight),
        (role.PlaceholderText, role.Base),
        (role.Link, role.Base),
    ):
        assert contrast(palette.color(text), palette.color(background)) >= 4.5, (text, background)


def test_dark_mode_darkens_the_window_and_says_so_once(qapp: QApplication) -> None:
    told = []
    theme_changed.changed.connect(lambda: told.append(theme().name))

    apply_theme(qapp, "dark")
    apply_theme(qapp, "dark")

    assert told == ["dark"]
    assert theme() is DARK
    assert theme_mode() == "dark"
    assert qapp.palette().color(QPalette.ColorRole.Window) == DARK.window


def test_the_system_scheme_is_followed_only_in_system_mode(qapp: QApplication) -> None:
    hints = qapp.styleHints()
    apply_theme(qapp, "system")
    followed = theme()

    apply_theme(qapp, "dark")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme() is DARK

    apply_theme(qapp, "system")
    assert theme() is followed


def test_a_window_follows_the_system_while_it_is_open(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    apply_theme(qapp, "system")
    monkeypatch.setattr("app.theme._theme_for", lambda _mode: DARK)  # no system to switch in a test

    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)

    assert theme() is DARK


def test_a_focused_button_looks_different(qapp: QApplication, qtbot: object) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)  # type: ignore[attr-defined]
    button.show()
    button.clearFocus()
    before = button.grab().toImage()

    button.setFocus()
    button.activateWindow()
    qapp.sendPostedEvents()

    qtbot.waitUntil(lambda: button.hasFocus() and button.grab().toImage() != before)  # type: ignore[attr-defined]
    edge = button.grab().toImage().pixelColor(button.width() // 2, 0)
    assert edge == theme().accent


def test_fonts_have_their_sizes_in_pixels(qapp: QApplication) -> None:
    assert [QFontInfo(font).pixelSize() for font in (body_font(), secondary_font(), figure_font())] == [13, 11, 20]
    assert QFontInfo(qapp.font()).pixelSize() == 13


def test_fonts_have_a_size_in_points_too(qapp: QApplication) -> None:
    assert all(font.pointSize() > 0 for font in (body_font(), secondary_font(), figure_font(), mono_font()))


def test_letters_of_the_log_are_equally_wide(qapp: QApplication) -> None:
    widths = QFontMetrics(mono_font())
    assert widths.horizontalAdvance("iiii") == widths.horizontalAdvance("WWWW")


def test_figures_are_equally_wide(qapp: QApplication) -> None:
    widths = QFontMetrics(figure_font())
    assert widths.horizontalAdvance("1111") == widths.horizontalAdvance("8888")
