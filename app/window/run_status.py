"""The shown run at a glance, in the toolbar of every page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from app.theme import theme, theme_changed
from app.widgets.format import format_duration
from app.widgets.labels import ElidedLabel, IconLabel
from trainer.runs.state import RunState, Status

_COLORS = {
    Status.STARTING: "information",
    Status.RUNNING: "accent",
    Status.PAUSED: "warning",
    Status.STOPPING: "warning",
    Status.COMPLETED: "accent",
    Status.STOPPED: "secondary_text",
    Status.FAILED: "error",
    Status.LOST: "error",
}


class RunStatus(QWidget):
    """Name, state, epoch, remaining time and progress of a run; empty without one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel()
        self.text = ElidedLabel()
        self.text.setAccessibleName("State of the run")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(120, 6)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 4, 0)
        layout.setSpacing(6)
        layout.addWidget(self._icon)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.show_run("", None, None)
        theme_changed.changed.connect(self._restyle)
        self._restyle()

    def show_run(self, name: str, state: RunState | None, status: Status | None) -> None:
        """Show a run's state, or nothing."""
        visible = state is not None and status is not None
        self._icon.setVisible(visible)
        self.bar.setVisible(visible and status is not None and status.is_active)
        if state is None or status is None:
            self.text.set_whole_text("")
            return
        self._icon.set_icon("circle-dot" if status.is_active else "circle", _COLORS[status])
        self.text.set_whole_text(status_sentence(name, state, status))
        self.bar.setValue(round(1000 * state.fraction_done))

    def _restyle(self) -> None:
        self.bar.setStyleSheet(f"QProgressBar::chunk {{ background: {theme().accent.name()}; }}")


def status_sentence(name: str, state: RunState, status: Status) -> str:
    """Such as `exp7 running · fold 2 of 5 · epoch 4 of 30 · 2 m 10 s left`."""
    parts = [f"{name} {status.value}"]
    if state.num_folds and not status.is_active:
        return f"{parts[0]} · {len(state.fold_results)} of {state.num_folds} folds"
    if state.num_folds:
        parts.append(f"fold {state.fold} of {state.num_folds}")
    if state.num_epochs:
        epoch = min(max(state.epoch, 1), state.num_epochs) if status.is_active else len(state.epochs)
        parts.append(f"epoch {epoch} of {state.num_epochs}")
    if status is Status.RUNNING and state.remaining_s is not None:
        parts.append(f"{format_duration(state.remaining_s)} left")
    return " · ".join(parts)
