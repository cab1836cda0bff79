"""Learning rate and resources, in one row below the plots."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.pages.train.resource_figures import CardFigures, cpu_figures, gpu_figures, memory_figures
from app.pages.train.run_curves import RunCurves
from app.widgets.colors import color_index
from app.widgets.figure_card import FigureCard
from app.widgets.metric_plot import MetricPlot
from trainer.runs.state import RunState

_HEIGHT_PX = 136


class Instruments(QWidget):
    """A small learning rate plot and cards for processor, memory and GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.setAutoFillBackground(True)  # as in the view around it: the cards have round corners
        self.learning_rate = MetricPlot("learning_rate", "learning rate", is_learning_rate=True)
        self.cpu = FigureCard("CPU", "cpu", color_place=color_index("loss"))
        self.memory = FigureCard("memory", "memory-stick", color_place=color_index("loss"))
        self.gpu = FigureCard("GPU", "gauge", color_place=color_index("loss"))
        self.gpu.hide()
        self._shown_rates: tuple[object, ...] = ()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.learning_rate, 3)
        for card in (self.cpu, self.memory, self.gpu):
            layout.addWidget(card, 2)
        self.setFixedHeight(_HEIGHT_PX)

    def refresh(self, state: RunState, curves: RunCurves) -> None:
        """Show what the run measured last."""
        known = (state.started_at, state.session, len(state.epochs), state.learning_rate)
        if known != self._shown_rates:
            self._shown_rates = known
            self.learning_rate.show_curves(curves.learning_rate())
        _fill(self.cpu, cpu_figures(state.resources))
        _fill(self.memory, memory_figures(state.resources))
        gpu = gpu_figures(state.resources)
        self.gpu.setVisible(gpu is not None)
        if gpu is not None:
            _fill(self.gpu, gpu)


def _fill(card: FigureCard, figures: CardFigures) -> None:
    card.show_figure(figures.figure, figures.note, figures.course, figures.top)
