"""The learning rate over training, before training."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QPushButton, QWidget

from app.project.project import Project
from app.widgets.format import format_short_number
from app.widgets.rate_canvas import RateCanvas, RatePoints
from app.window.rate_dialog import RateDialog

_SETTLE_MS = 600
_CONCERNED = ("training", "data.batch_size", "data.train_dir", "data.val_dir", "data.validation_fraction")


class ScheduleDialog(RateDialog):
    """Draws what `gardener schedule` computes, and again a moment after a setting that matters has changed."""

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        canvas = RateCanvas("epoch", "learning rate", color_place=2)
        super().__init__("Learning rate over training", canvas, project, parent)
        self._shown_for: object = None
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._settled.timeout.connect(self.refresh)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        self.buttons.addWidget(close)
        project.changed.connect(self._on_change)
        project.functions.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Compute the curve of the present settings."""
        self._settled.stop()
        self._shown_for = self._concerned()
        if not self.canvas.points.across:
            self.say("Computing the curve …", "secondary_text")
        self.run(["schedule"])

    def show_result(self, answer: dict[str, Any]) -> None:
        epochs, rates = answer["epochs"], answer["learning_rates"]
        self.canvas.show_points(RatePoints(epochs, rates))
        name = self.project.value("training.learning_rate_schedule")
        name = name.get("name") if isinstance(name, dict) else name
        steps = f"{answer['steps_per_epoch']:,} steps per epoch"
        source = {"assumed": " (assumed: the pictures cannot be counted)"}
        first, highest, last = (format_short_number(rate) for rate in (rates[0], max(rates), rates[-1]))
        course = (
            f"{name}: from {first}, at most {highest}, to {last}" if name else f"No schedule: the rate stays at {first}"
        )
        self.say(f"{course}; {steps}{source.get(answer.get('steps_per_epoch_source', ''), '')}.")

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settled.stop()
        super().closeEvent(event)

    def _on_change(self) -> None:
        if self.isVisible() and self._concerned() != self._shown_for:
            self._settled.start()

    def _concerned(self) -> object:
        return repr([self.project.loaded.values.get("training")] + [self.project.value(key) for key in _CONCERNED[1:]])
