from __future__ import annotations

import ast
import gc
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.icons import ICONS_FOLDER, app_icon, icon, icon_names, icon_pixmap
from app.theme import DARK, LIGHT, apply_theme


@pytest.fixture(autouse=True)
def light_theme(qapp: QApplication) -> Generator[None, None, None]:
    apply_theme(qapp, "light")
    yield
    apply_theme(qapp, "system")


def strongest_color(image: QImage) -> QColor:
    """Gives the colour of the most opaque pixel."""
    colors = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return max(colors, key=QColor.alpha)


def drawn(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> QColor:
    color = strongest_color(icon.pixmap(QSize(32, 32), 1.0, mode).toImage())
    assert color.alpha() > 200
    return QColor(color.red(), color.green(), color.blue())


def nearly(first: QColor, second: QColor) -> bool:
    return all(abs(a - b) <= 3 for a, b in zip(first.getRgb(), second.getRgb(), strict=True))


def names_asked_for(folder: Path) -> Iterator[tuple[str, str]]:
    """Gives each literal name given to icon() or icon_pixmap() in the sources, with where."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if function in {"icon", "icon_pixmap"} and isinstance(node.args[0].value, str):
                yield node.args[0].value, f"{file.relative_to(folder.parent)}:{node.lineno}"


def test_every_icon_the_window_asks_for_exists(repository: Path) -> None:
    unknown = [(name, place) for name, place in names_asked_for(repository / "app") if name not in icon_names()]
    assert unknown == []


def test_names_asked_for_are_found_in_sources(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text('a = icon("play")\nb = icons.icon("no-such")\nc = icon(name)\n')
    assert [name for name, _ in names_asked_for(tmp_path)] == ["play", "no-such"]


def test_every_icon_file_is_valid(qapp: QApplication) -> None:
    assert [file.name for file in ICONS_FOLDER.glob("*.svg") if not QSvgRenderer(str(file)).isValid()] == []
    assert (ICONS_FOLDER / "LICENSE").is_file()
    assert not app_icon().pixmap(64, 64).isNull()


def test_the_same_icon_takes_the_colors_of_a_new_theme(qapp: QApplication) -> None:
    play = icon("play")
    assert nearly(drawn(play), LIGHT.text)

    apply_theme(qapp, "dark")

    assert nearly(drawn(play), DARK.text)


def test_a_disabled_icon_is_paler() -> None:
    assert drawn(icon("play"), QIcon.Mode.Disabled).lightness() > drawn(icon("play")).lightness() + 40


@pytest.mark.parametrize("color", ["accent", QColor(LIGHT.accent)], ids=["named", "fixed"])
def test_an_icon_can_have_its_own_color(color: QColor | str) -> None:
    assert nearly(drawn(icon("play", color)), LIGHT.accent)


def test_a_named_color_follows_the_theme_and_a_fixed_one_does_not(qapp: QApplication) -> None:
    named, fixed = icon("play", "error"), icon("play", LIGHT.error)
    apply_theme(qapp, "dark")
    assert nearly(drawn(named), DARK.error)
    assert nearly(drawn(fixed), LIGHT.error)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_icons_have_a_pixel_for_each_pixel_of_the_screen(ratio: float) -> None:
    for pixmap in (icon("play").pixmap(QSize(20, 20), ratio), icon_pixmap("play", 20, pixel_ratio=ratio)):
        assert pixmap.size() == QSize(20, 20) * ratio
        assert pixmap.devicePixelRatio() == ratio


def test_other_names_give_the_same_picture() -> None:
    for other, name in (("check-circle", "circle-check"), ("alert-triangle", "triangle-alert")):
        assert icon_pixmap(other, 24).toImage() == icon_pixmap(name, 24).toImage()


def test_unknown_names_are_refused_with_what_to_do() -> None:
    with pytest.raises(KeyError, match="no icon 'nonsense'; add it"):
        icon("nonsense")
    with pytest.raises(KeyError, match="no colour 'nonsense'"):
        icon("play", "nonsense")


def test_icons_survive_being_copied_changed_and_dropped() -> None:
    for _ in range(200):
        copy = QIcon(icon("play"))
        copy.addPixmap(QPixmap(4, 4))  # makes Qt clone the engine
        assert not copy.pixmap(16, 16).isNull()
    del copy
    gc.collect()
