"""A metric over epochs with its title, figures, menu and export."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QAction, QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout

from app.icons import icon
from app.theme import theme, theme_changed
from app.widgets.buttons import tool_button
from app.widgets.colors import color_index
from app.widgets.curves import MetricCurves
from app.widgets.format import format_number, format_short_number
from app.widgets.labels import ElidedLabel, SecondaryLabel
from app.widgets.legend_strip import LegendEntry, LegendStrip
from app.widgets.metric_canvas import MetricCanvas

_EXPORT_SCALE = 2


class MetricPlot(QFrame):
    """One metric: its curves, the figures of the last epoch or of the one under the mouse, and a menu.

    Args:
        name: The metric, without `val_`; decides the colour.
        title: What to call it; its name if absent.
        is_learning_rate: One plain curve, logarithmic from the start, no best epoch.
    """

    def __init__(self, name: str, title: str = "", *, is_learning_rate: bool = False) -> None:
        super().__init__()
        self.name = name
        self.curves = MetricCurves()
        self._is_learning_rate = is_learning_rate
        self._hovered_epoch: int | None = None
        self.title = ElidedLabel(title or name)
        self.legend = LegendStrip()
        self.canvas = MetricCanvas(color_index(name), shows_single_curve=is_learning_rate)
        self.canvas.hovered.connect(self._on_hover)
        self.canvas.menu_requested.connect(self._open_menu)
        self._placeholder = SecondaryLabel("From the first epoch on")
        self._placeholder.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.menu = self._build_menu()
        self._build()
        if is_learning_rate:
            self.log_action.setChecked(True)
        theme_changed.changed.connect(self._restyle)

    def show_curves(self, curves: MetricCurves) -> None:
        """Draw these."""
        self.curves = curves
        self._set_empty(not len(curves.main) and not len(curves.batches))
        self.canvas.show_curves(curves)
        self._show_figures()

    def _set_empty(self, is_empty: bool) -> None:
        """Axes without a curve only look broken."""
        self.canvas.setVisible(not is_empty)
        self._placeholder.setVisible(is_empty)

    def is_in_view(self) -> bool:
        """Whether any part of it can be seen now."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

    def save_png(self, path: Path) -> None:
        """Write the plot with its title and figures as a picture of twice its size.

        Raises:
            OSError: The file cannot be written.
        """
        image = QImage(self.size() * _EXPORT_SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_EXPORT_SCALE)
        image.fill(theme().surface)
        self.render(image)
        writer = QImageWriter(str(path), QByteArray(b"png"))
        if not writer.write(image):
            raise OSError(writer.errorString())

    def save_csv(self, path: Path) -> None:
        """Write epochs and values as CSV.

        Raises:
            OSError: The file cannot be written.
        """
        path.write_text(self.curves.as_csv(), encoding="utf-8")

    def _build(self) -> None:
        self.setObjectName("card")
        menu_button = tool_button("ellipsis", "Log scale, zoom, export (right click on the plot)")
        menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu_button.setMenu(self.menu)
        menu_button.setStyleSheet("QToolButton { padding: 0 } QToolButton::menu-indicator { image: none }")
        self.menu_button = menu_button
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 4, 0)
        header.addWidget(self.title, 1)
        header.addWidget(menu_button)
        figures = QHBoxLayout()
        figures.setContentsMargins(8, 0, 8, 0)
        figures.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addLayout(figures)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._placeholder, 1)
        self._set_empty(True)
        self.setAccessibleName(f"Plot of {self.title.whole_text()}")
        self._restyle()

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        self.log_action = QAction("Log scale", menu)
        self.log_action.setCheckable(True)
        self.log_action.toggled.connect(self.canvas.set_log)
        menu.addAction(self.log_action)
        menu.addAction(icon("maximize"), "Reset zoom (double click)").triggered.connect(self.canvas.reset_zoom)
        menu.addSeparator()
        menu.addAction(icon("image"), "Export as PNG…").triggered.connect(lambda: self._choose_file("png"))
        menu.addAction(icon("table"), "Export as CSV…").triggered.connect(lambda: self._choose_file("csv"))
        return menu

    def _open_menu(self, place: QPoint) -> None:
        self.menu.popup(place)

    def _choose_file(self, suffix: str) -> None:
        dialog = QFileDialog(self.window(), f"Export {self.title.whole_text()}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setNameFilter(f"{suffix.upper()} (*.{suffix})")
        dialog.selectFile(f"{self.name.replace('/', '_')}.{suffix}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._export(Path(path)))
        dialog.open()

    def _export(self, path: Path) -> None:
        try:
            if path.suffix.lower() == ".csv":
                self.save_csv(path)
            else:
                self.save_png(path)
        except OSError as error:
            self.legend.set_entries((LegendEntry(f"Not saved to {path}: {error.strerror or error}"),))

    def _on_hover(self, position: float | None) -> None:
        epoch = None if position is None else self.curves.nearest_epoch(position)
        if epoch != self._hovered_epoch:
            self._hovered_epoch = epoch
            self.canvas.mark(epoch)
            self._show_figures()

    def _show_figures(self) -> None:
        epoch = self._hovered_epoch
        self.legend.set_entries(self._entries(epoch) if epoch is not None else self._latest_entries())

    def _entries(self, epoch: int) -> tuple[LegendEntry, ...]:
        figures = self._curve_entries(self.curves.train.at(epoch), self.curves.validation.at(epoch))
        return (LegendEntry("epoch", f"{epoch:,}"), *figures)

    def _latest_entries(self) -> tuple[LegendEntry, ...]:
        curves = self.curves
        train = curves.train.last if len(curves.train) else curves.batches.last
        entries = self._curve_entries(train, curves.validation.last)
        if curves.best_value is not None and not self._is_learning_rate:
            best = f"{format_number(curves.best_value)} at {curves.best_epoch:,}"
            entries += (LegendEntry("best", best, self.canvas.main_color, is_diamond=True),)
        return entries

    def _curve_entries(self, train: float | None, validation: float | None) -> tuple[LegendEntry, ...]:
        if self._is_learning_rate:
            return () if train is None else (LegendEntry("now", format_short_number(train), self.canvas.main_color),)
        entries: tuple[LegendEntry, ...] = ()
        if train is not None:
            entries += (LegendEntry("train", format_number(train), self.canvas.train_color),)
        if validation is not None:
            entries += (LegendEntry("val", format_number(validation), self.canvas.main_color),)
        return entries

    def _restyle(self) -> None:
        colors = theme()
        self.setStyleSheet(
            f"#card {{ background: {colors.plot_background.name()}; border: 1px solid {colors.border.name()};"
            " border-radius: 4px; }"
        )
        self.canvas.restyle()
        self.canvas.show_curves(self.curves)
        self._show_figures()
