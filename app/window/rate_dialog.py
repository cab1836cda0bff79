"""What the two windows about the learning rate have in common: a job and a plot."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.project.project import Project
from app.widgets.rate_canvas import RateCanvas
from app.window.job_dialog import JobDialog


class RateDialog(JobDialog):
    """Runs one command on the present settings and draws what it prints as JSON.

    Args:
        title: Of the window.
        canvas: What is drawn on.
        project: What is being edited.
    """

    def __init__(self, title: str, canvas: RateCanvas, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(title, canvas, project, parent)
        self.canvas = canvas
        canvas.hovered.connect(self.hint.setText)
