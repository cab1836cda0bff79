"""The steps before the first batch, side by side, each with its clock."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from app.pages.train.phase_steps import PhaseStep, StepState
from app.theme import theme
from app.widgets.format import format_clock, format_duration
from app.widgets.labels import ElidedLabel, IconLabel, SecondaryLabel

_ICONS = {
    StepState.DONE: ("circle-check", "accent"),
    StepState.ACTIVE: ("circle-dot", "accent"),
    StepState.WAITING: ("circle", "border"),
}
_BAR_HEIGHT_PX = 4


class PhaseStrip(QWidget):
    """Five steps; done ones are ticked with their duration, the active one has a clock and a bar."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: list[_StepCell] = []
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(16)

    def show_steps(self, steps: list[PhaseStep]) -> None:
        """Show where the preparation stands."""
        while len(self._cells) < len(steps):
            cell = _StepCell()
            self._cells.append(cell)
            self._layout.addWidget(cell, 1)
        for cell, step in zip(self._cells, steps, strict=True):
            cell.show_step(step)

    def texts(self) -> list[str]:
        """What each step says, for screen readers and tests."""
        return [cell.accessibleName() for cell in self._cells]


class _StepCell(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._icon = IconLabel()
        self._title = QLabel()
        self._time = SecondaryLabel()
        self._progress = ElidedLabel()
        self._progress.setFont(self._time.font())
        self._progress.setPalette(self._time.palette())
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(_BAR_HEIGHT_PX)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._title.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._icon)
        line.addWidget(self._title)
        line.addStretch(1)
        line.addWidget(self._time)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._bar)
        layout.addWidget(self._progress)

    def show_step(self, step: PhaseStep) -> None:
        name, color = _ICONS[step.state]
        self._icon.set_icon(name, color)
        self._title.setText(step.title)
        palette = self._title.palette()
        waits = step.state is StepState.WAITING
        palette.setColor(palette.ColorRole.WindowText, theme().secondary_text if waits else theme().text)
        self._title.setPalette(palette)
        self._time.setText(_time_text(step))
        self._progress.set_whole_text(step.progress)
        self._bar.setVisible(step.state is StepState.ACTIVE)
        if step.fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * step.fraction))
        self.setAccessibleName(f"{step.title}: {step.state.value} {self._time.text()} {step.progress}".strip())


def _time_text(step: PhaseStep) -> str:
    if step.state is StepState.WAITING:
        return ""
    return format_duration(step.seconds) if step.state is StepState.DONE else format_clock(step.seconds)
