"""A strip under the YAML that says what is wrong and goes there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from app.widgets.labels import IconLabel
from trainer.errors import Problem


class ProblemStrip(QFrame):
    """Hidden while all is well; walks through the problems one by one.

    Signals:
        line_wanted: A person wants to see this line, counted from 1.
    """

    line_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._problems: tuple[Problem, ...] = ()
        self._icon = IconLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QToolButton()
        self.button.setToolTip("Put the cursor on this line")
        self.button.clicked.connect(self._go)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 3, 8, 3)
        layout.setSpacing(6)
        layout.addWidget(self._icon)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.hide()

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Say the first problem, and how many more there are."""
        self._problems = problems
        self.setVisible(bool(problems))
        if not problems:
            return
        first = problems[0]
        more = f"  (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        self._icon.set_icon("circle-x" if first.severity == "error" else "triangle-alert", first.severity)
        key = f"{first.key}: " if first.key else ""
        self.text.setText(f"{key}{first.message}{more}")
        self.text.setToolTip("\n".join(str(problem) for problem in problems))
        self.button.setVisible(first.line is not None)
        self.button.setText(f"Line {first.line}")

    def _go(self) -> None:
        if self._problems and self._problems[0].line is not None:
            self.line_wanted.emit(self._problems[0].line)
