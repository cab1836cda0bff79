"""What the window offers besides: trials, a check of the model, the rate's curve and finder, an end for stuck runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.training.trials import TrialResult, Trials
from app.window.function_notices import FunctionNotices
from app.window.termination import Termination

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.window.model_check_dialog import ModelCheckDialog
    from app.window.rate_finder_dialog import RateFinderDialog
    from app.window.schedule_dialog import ScheduleDialog


class Tools(QObject):
    """Connects the tools to the window's settings and actions.

    Args:
        window: The window, built.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._project = window.project
        self.trials = Trials(self._project, self)
        self.trials.started.connect(self._show_started)
        self.trials.finished.connect(self._show_finished)
        self.notices = FunctionNotices(self._project, window.messages, self)
        self.termination = Termination(window.controller, window.train_page, window.messages, self)
        self.schedule: ScheduleDialog | None = None
        self.finder: RateFinderDialog | None = None
        self.model_check: ModelCheckDialog | None = None
        window.panel.trial_wanted.connect(lambda key: window.commands.consent.before(lambda: self.trials.begin(key)))
        window.panel.curve_wanted.connect(self.show_schedule)
        window.panel.finder_wanted.connect(self.find_rate)
        window.actions_["show_schedule"].triggered.connect(lambda: self.show_schedule())
        window.actions_["find_rate"].triggered.connect(lambda: self.find_rate())
        window.actions_["check_model"].triggered.connect(lambda: self.check_model())

    def watch_functions(self) -> None:
        """Read and watch the project's own functions, once the window has been painted."""
        QTimer.singleShot(0, self, self._project.watch_functions)

    def show_schedule(self) -> None:
        """Show the learning rate over training, in a window beside this one."""
        self._window.commands.consent.before(self._open_schedule)

    def find_rate(self) -> None:
        """Look for a learning rate, in a window beside this one."""
        self._window.commands.consent.before(self._open_finder)

    def check_model(self) -> None:
        """Check the model on its data, in a window beside this one."""
        self._window.commands.consent.before(self._open_model_check)

    def _open_model_check(self) -> None:
        from app.window.model_check_dialog import ModelCheckDialog

        if self.model_check is None:
            self.model_check = ModelCheckDialog(self._project, self._window)
            self.model_check.closed.connect(lambda: setattr(self, "model_check", None))
            self.model_check.begin()
        self.model_check.show()
        self.model_check.raise_()
        self.model_check.activateWindow()

    def _open_schedule(self) -> None:
        from app.window.schedule_dialog import ScheduleDialog

        if self.schedule is None:
            self.schedule = ScheduleDialog(self._project, self._window)
            self.schedule.closed.connect(lambda: setattr(self, "schedule", None))
        self.schedule.show()
        self.schedule.raise_()
        self.schedule.activateWindow()
        self.schedule.refresh()

    def _open_finder(self) -> None:
        from app.window.rate_finder_dialog import RateFinderDialog

        if self.finder is None:
            self.finder = RateFinderDialog(self._project, self._window)
            self.finder.closed.connect(lambda: setattr(self, "finder", None))
            self.finder.begin()
        self.finder.show()
        self.finder.raise_()
        self.finder.activateWindow()

    def refresh(self, *, has_project: bool) -> None:
        """Enable what makes sense now."""
        for name in ("show_schedule", "find_rate", "check_model"):
            self._window.actions_[name].setEnabled(has_project)

    def close(self) -> None:
        """Give up what is still being done."""
        self.trials.close()
        self.termination.close()
        for dialog in (self.schedule, self.finder, self.model_check):
            if dialog is not None:
                dialog.close()

    def _show_started(self, key: str) -> None:
        self._window.panel.tree.show_note(key, "Trying it on one batch …", "secondary_text")

    def _show_finished(self, key: str, result: TrialResult) -> None:
        folder = f"{self._project.base_dir}/"
        tone = "accent" if result.is_ok else "error"
        details = result.details.replace(folder, "")
        self._window.panel.tree.show_note(key, result.sentence.replace(folder, ""), tone, details)
