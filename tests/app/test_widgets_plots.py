"""Plots show what there is: gaps, best epoch, hover values, exports."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets.colors import color_index
from app.widgets.curves import Curve, MetricCurves
from app.widgets.metric_plot import MetricPlot
from app.widgets.plot_axes import log_ticks
from app.widgets.plot_grid import PlotGrid


def curves(num_epochs: int = 20) -> MetricCurves:
    epochs = list(range(1, num_epochs + 1))
    return MetricCurves(
        train=Curve.of(epochs, [1.0 / epoch for epoch in epochs]),
        validation=Curve.of(epochs, [1.5 / epoch for epoch in epochs]),
        best_epoch=num_epochs - 1,
    )


def shown(qtbot: QtBot, widget: QWidget, width: int = 400, height: int = 300) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)


def test_values_that_are_not_finite_become_gaps() -> None:
    curve = Curve.of([1, 2, 3], [1.0, math.inf, math.nan])
    assert np.isnan(curve.values).tolist() == [False, True, True]
    assert curve.num_finite == 1


def test_a_plot_of_nothing_but_nan_is_drawn_without_complaint(qtbot: QtBot, recwarn: pytest.WarningsRecorder) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    for is_log in (False, True):
        plot.log_action.setChecked(is_log)
        plot.show_curves(MetricCurves(train=Curve.of([1, 2, 3], [math.nan] * 3), best_epoch=2))
        plot.grab()
    assert [str(warning.message) for warning in recwarn] == []


def test_the_legend_has_the_last_figures_and_the_best(qtbot: QtBot) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    plot.show_curves(curves(10))
    assert [(entry.label, entry.value) for entry in plot.legend.entries] == [
        ("train", "0.1000"),
        ("val", "0.1500"),
        ("best", "0.1667 at 9"),
    ]


def test_hover_shows_the_nearest_epoch_and_leaving_shows_the_last(qtbot: QtBot) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    plot.show_curves(curves(10))
    plot.canvas.hovered.emit(3.6)
    assert [(entry.label, entry.value) for entry in plot.legend.entries] == [
        ("epoch", "4"),
        ("train", "0.2500"),
        ("val", "0.3750"),
    ]
    plot.canvas.hovered.emit(None)
    assert plot.legend.entries[-1].label == "best"


def test_without_validation_the_best_is_marked_on_the_training_curve(qtbot: QtBot) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    plot.show_curves(MetricCurves(train=Curve.of([1, 2], [3.0, 2.0]), best_epoch=2))
    assert plot.canvas._best_item.getData()[1].tolist() == [2.0]


def test_one_epoch_can_be_seen(qtbot: QtBot) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    plot.show_curves(curves(1))
    assert plot.canvas._train_item.opts["symbol"] == "o"
    plot.show_curves(curves(100))
    assert plot.canvas._train_item.opts["symbol"] is None


def test_log_scale_and_reset_zoom_show_everything(qtbot: QtBot) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    plot.show_curves(curves(100))
    plot.canvas.getViewBox().setRange(xRange=(2, 3))
    assert plot.canvas.is_zoomed
    plot.canvas.reset_zoom()
    assert not plot.canvas.is_zoomed
    plot.log_action.setChecked(True)
    qtbot.waitUntil(lambda: plot.canvas.getViewBox().viewRange()[1][0] <= -2)
    assert 0 < plot.canvas.getViewBox().viewRange()[1][1] < 1


def test_a_plot_exports_its_values_and_its_picture(qtbot: QtBot, tmp_path: Path) -> None:
    plot = MetricPlot("loss")
    shown(qtbot, plot)
    plot.show_curves(MetricCurves(train=Curve.of([1, 2], [0.5, 0.25]), validation=Curve.of([2], [0.75])))
    plot.save_csv(tmp_path / "loss.csv")
    plot.save_png(tmp_path / "loss.png")
    assert (tmp_path / "loss.csv").read_text() == "epoch,train,validation\n1,0.5,\n2,0.25,0.75\n"
    assert QImage(str(tmp_path / "loss.png")).width() == 2 * plot.width()
    with pytest.raises(OSError):
        plot.save_png(tmp_path / "missing" / "loss.png")


def test_a_metric_has_the_same_colour_wherever_it_is_shown() -> None:
    assert color_index("val_loss") == color_index("loss")
    assert color_index("loss") != color_index("accuracy") == color_index("val_top_5_accuracy")
    assert color_index("dice") == color_index("val_dice")


def test_many_metrics_are_laid_out_in_columns_that_fit(qtbot: QtBot) -> None:
    grid = PlotGrid()
    shown(qtbot, grid, 960, 400)
    names = [f"metric_{number}" for number in range(7)]
    grid.refresh(names, lambda _: curves())
    qtbot.waitUntil(lambda: len(grid.plots) == 7)
    assert grid.num_columns() == 3
    grid.resize(400, 400)
    assert grid.num_columns() == 1
    assert grid.verticalScrollBar().maximum() > 0


def test_only_plots_in_view_are_drawn_and_the_others_when_scrolled_to(qtbot: QtBot) -> None:
    grid = PlotGrid()
    shown(qtbot, grid, 400, 300)
    grid.refresh([f"metric_{number}" for number in range(9)], lambda _: MetricCurves())
    qtbot.waitUntil(lambda: len(grid.plots) == 9)
    asked: list[str] = []

    def ask(name: str) -> MetricCurves:
        asked.append(name)
        return curves()

    grid.refresh(list(grid.plots), ask)
    qtbot.waitUntil(lambda: "metric_0" in asked)
    assert "metric_8" not in asked
    bar = grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: "metric_8" in asked)


def test_metrics_that_are_gone_lose_their_plot(qtbot: QtBot) -> None:
    grid = PlotGrid()
    shown(qtbot, grid)
    grid.refresh(["loss", "dice"], lambda _: curves())
    qtbot.waitUntil(lambda: len(grid.plots) == 2)
    grid.refresh(["loss"], lambda _: curves())
    assert list(grid.plots) == ["loss"]


@pytest.mark.parametrize(("low", "high"), [(-6.0, 2.0), (-3.1, -2.9), (-4.0, -3.0), (-0.2, 7.5), (1.0, 1.0)])
def test_logarithmic_ticks_are_few_and_within_the_range(low: float, high: float) -> None:
    ticks = log_ticks(low, high, 6)
    assert len(ticks) <= 7
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    assert len(ticks) >= 2 or high <= low
