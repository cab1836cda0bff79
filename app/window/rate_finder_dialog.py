"""Finds a learning rate: loss against rate over a few steps of a fresh model, with a suggestion."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QPushButton, QWidget

from app.project.project import Project
from app.widgets.buttons import push_button
from app.widgets.format import format_short_number
from app.widgets.rate_canvas import RateCanvas, RatePoints
from app.window.rate_dialog import RateDialog
from trainer.errors import ConfigError

_KEY = "training.initial_learning_rate"
_HELP = "A fresh model takes about a hundred steps with a rising rate. Nothing of it is kept."


class RateFinderDialog(RateDialog):
    """Draws what `gardener find-lr` finds; one button takes the suggestion into the settings."""

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        canvas = RateCanvas("learning rate", "loss", is_log_across=True, color_place=0)
        super().__init__("Find learning rate", canvas, project, parent)
        self.suggestion: float | None = None
        self.use_button = push_button("check", "Use this rate", color="accent")
        self.use_button.clicked.connect(self.use)
        self.again_button = QPushButton("Try again")
        self.again_button.clicked.connect(self.begin)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self._cancel_or_close)
        for button in (self.use_button, self.again_button, self.cancel_button):
            self.buttons.addWidget(button)
        self.show_busy(False)

    def begin(self) -> None:
        """Look for a rate with the present settings."""
        self.suggestion = None
        self.canvas.show_points(RatePoints())
        self.say(f"Preparing the data and the model … {_HELP}", "secondary_text")
        self.run(["find-lr"])

    def show_progress(self, done: int, total: int) -> None:
        self.say(f"Step {done} of {total} … {_HELP}", "secondary_text")

    def show_result(self, answer: dict[str, Any]) -> None:
        rates, losses = answer["learning_rates"], answer["losses"]
        self.suggestion = self._rounded(answer["suggestion"])
        self.canvas.show_points(RatePoints(rates, answer["smoothed_losses"], losses, self.suggestion))
        self.show_busy(False)
        if self.suggestion is None:
            self.say("The loss never fell, so no rate can be suggested. Check the data and the loss.", "warning")
            return
        self.use_button.setFocus()
        rate = format_short_number(self.suggestion)
        tenth = self._rounded(answer.get("tenth_of_minimum"))
        other = f" A tenth of the rate with the lowest loss is {format_short_number(tenth)}." if tenth else ""
        now = format_short_number(self._present())
        self.say(f"Suggested: {rate}, where the loss falls fastest.{other} The settings have {now}.")

    def show_busy(self, is_busy: bool) -> None:
        self.use_button.setEnabled(self.suggestion is not None and not is_busy)
        self.again_button.setEnabled(not is_busy)
        self.cancel_button.setText("Cancel" if is_busy else "Close")

    def use(self) -> None:
        """Take the suggestion into the settings, as one undo step, and close."""
        if self.suggestion is None:
            return
        try:
            self.project.set_value(_KEY, self.suggestion)
        except ConfigError as error:
            self.say(str(error), "error")
            return
        self.close()

    def _cancel_or_close(self) -> None:
        if not self.is_busy:
            self.close()
            return
        self.cancel()
        self.say("Cancelled. Nothing was changed.", "secondary_text")

    def _present(self) -> float:
        value = self.project.value(_KEY)
        return float(value) if isinstance(value, (int, float)) else float("nan")

    def _rounded(self, rate: float | None) -> float | None:
        """Two figures are all that such a short look can tell."""
        return float(f"{rate:.2g}") if rate is not None else None
