"""While a run trains, the window paints and lays out what has changed, and wakes no other thread for it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QTabWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.pages.train.page import TrainPage
from app.pages.train.progress import ProgressFigures
from app.pages.train.progress_row import ProgressRow
from app.widgets.curves import Curve, MetricCurves
from app.widgets.metric_plot import MetricPlot
from tests.app.run_writer import RunWriter


class EventCounter(QObject):
    """How many events of each type some widgets were sent."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.seen: Counter[QEvent.Type] = Counter()
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, _widget: QObject, event: QEvent) -> bool:
        self.seen[event.type()] += 1
        return False

    @property
    def paints(self) -> int:
        return self.seen[QEvent.Type.Paint]

    @property
    def layouts(self) -> int:
        return self.seen[QEvent.Type.LayoutRequest]


def settle() -> None:
    """Let what was posted, and what that posts in turn, come to an end."""
    for _ in range(10):
        QApplication.processEvents()


def shown(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.addWidget(widget)
    widget.resize(900, 660)
    widget.show()
    qtbot.waitExposed(widget)
    settle()


def figures(done: int, speed: str, activity: str = "") -> ProgressFigures:
    return ProgressFigures(
        epoch="3 / 10", activity=activity, done=done, total=700, speed=speed, remaining="2 m 10 s", elapsed="9 s"
    )


def test_fills_are_not_shared_out_among_threads(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_NO_GUI_THREADPOOL", raising=False)
    make_application([])
    assert os.environ["QT_NO_GUI_THREADPOOL"] == "1"


def test_new_batches_paint_the_figures_and_lay_out_nothing(qtbot: QtBot) -> None:
    page = QWidget()
    row = ProgressRow()
    QVBoxLayout(page).addWidget(row)
    row.show_figures(figures(9, "900"))
    shown(qtbot, page)
    around, label = EventCounter(page, row), EventCounter(row.batches)
    row.show_figures(figures(699, "22,000", "validating"))
    settle()
    assert row.batches.text() == "batch 699 of 700" and row.speed.value.text() == "22,000"
    assert label.paints == 1
    assert around.layouts == 0


def test_a_figure_that_needs_more_room_gets_it(qtbot: QtBot) -> None:
    row = ProgressRow()
    row.show_figures(figures(1, "1"))
    shown(qtbot, row)
    row.speed.set_text("1,234,567,890,123")
    settle()
    label = row.speed.value
    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())


def test_a_run_that_goes_on_leaves_the_tabs_around_it_alone(qtbot: QtBot, tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.train([1.0, 0.5])
    tabs, page = QTabWidget(), TrainPage()
    tabs.addTab(page, "Train")
    shown(qtbot, tabs)
    page.show_run(run.path)
    qtbot.waitUntil(lambda: "loss" in page.view.plots.plots)
    plot = page.view.plots.plots["loss"]
    qtbot.waitUntil(lambda: len(plot.curves.validation) == 2)
    settle()
    counter = EventCounter(tabs, page)
    run.train([0.4], initial_epoch=2)
    run.log("[TRAINING] Epoch 3/10")
    qtbot.waitUntil(lambda: len(plot.curves.validation) == 3)
    assert page.view.log.text.toPlainText().strip() == "[TRAINING] Epoch 3/10"
    settle()
    assert page.view.progress.epoch.value.text() == "3 / 10"
    assert (counter.layouts, counter.paints) == (0, 0)
    page.show_run(None)


def test_curves_with_new_bounds_are_painted_once(qtbot: QtBot) -> None:
    plot = MetricPlot("loss")
    plot.show_curves(curves(5))
    shown(qtbot, plot)
    counter = EventCounter(plot.canvas.viewport())
    plot.show_curves(curves(50))
    settle()
    assert counter.paints == 1


def curves(num_epochs: int) -> MetricCurves:
    epochs = list(range(1, num_epochs + 1))
    return MetricCurves(train=Curve.of(epochs, [1.0 / epoch for epoch in epochs]))
