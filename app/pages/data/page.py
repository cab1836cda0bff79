"""The Data page: the samples of the open project, read beside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from app.project.project import Project
from app.widgets.empty_state import EmptyState
from app.widgets.labels import IconLabel, SecondaryLabel
from trainer.errors import Problem

if TYPE_CHECKING:
    from app.pages.data.reading import DataFailure, DataFound, DataReading
    from app.pages.data.view import DataView

_DELAY_MS = 400
_PATIENCE_MS = 250
_KEYS = (
    "project.task",
    "runtime.seed",
    "data.train_dir",
    "data.val_dir",
    "data.test_dir",
    "data.validation_fraction",
    "data.split",
    "data.balance",
    "data.loader",
    "data.max_unreadable_fraction",
)
"""What the page depends on."""


class DataPage(QWidget):
    """Follows the project while it is visible. It only reads; what it wants done it asks for by signals.

    Signals:
        setting_wanted: Dotted key of a setting to show.
        folder_wanted: The person wants to choose a folder of data.
        refusals_changed: `refusals` may be other ones.

    Args:
        project: Whose data to show.
    """

    setting_wanted = Signal(str)
    folder_wanted = Signal()
    refusals_changed = Signal()

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._view: DataView | None = None
        self._reading: DataReading | None = None
        self._ending: list[DataReading] = []
        self._read_key: Any = None
        self._refusals: tuple[Problem, ...] = ()
        self._shown_text = ""
        self.failure_key = "data.train_dir"
        self.empty = EmptyState(
            "No data yet. Choose a folder or a file, or fill in Training data in the settings.",
            "New from a folder …",
            icon_name="images",
            button_icon="folder-open",
        )
        self.empty.activated.connect(self.folder_wanted)
        self.empty.add_link("Show the setting", lambda: self.setting_wanted.emit("data.train_dir"))
        self.failed = EmptyState("", "Show the setting", icon_name="triangle-alert", button_icon="sliders-horizontal")
        self.failed.activated.connect(lambda: self.setting_wanted.emit(self.failure_key))
        self.failed.add_link("Try again", self.read_again)
        self.loading = _Loading()
        self._stack = QStackedWidget()
        for widget in (self.empty, self.failed, self.loading):
            self._stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._refresh)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._stack.setCurrentWidget(self.loading))
        project.changed.connect(self._on_changed)
        project.path_changed.connect(self._on_changed)

    @property
    def view(self) -> DataView:
        """The widgets of readable data, made when they are first wanted."""
        if self._view is None:
            from app.pages.data.view import DataView

            self._view = DataView(self._project)
            self._view.check_wanted.connect(lambda: self._read(read_all=True))
            self._view.cancel_wanted.connect(self._cancel_check)
            self._view.read_again_wanted.connect(self.read_again)
            self._stack.addWidget(self._view)
        return self._view

    @property
    def shown(self) -> QWidget | None:
        """What is on screen: `empty`, `failed`, `loading` or `view`."""
        return self._stack.currentWidget()

    @property
    def is_reading(self) -> bool:
        """Whether more is to come."""
        return self._reading is not None

    @property
    def refusals(self) -> tuple[Problem, ...]:
        """Why a training would be refused, as far as was found with the settings of data as they are now."""
        return self._refusals if self._refusals and self._key() == self._read_key else ()

    def build(self) -> None:
        """Make the widgets of readable data now, so that showing them takes no time."""
        assert self.view is not None

    def read_again(self) -> None:
        """Read the data anew, as it may have changed on disk."""
        self._read_key = None
        self._refresh()

    def close_down(self) -> None:
        """Give up what is being read."""
        self._timer.stop()
        self._stop_reading()
        if self._view is not None:
            self._view.close_down()

    def _on_changed(self) -> None:
        if self._refusals:
            self.refusals_changed.emit()
        if self.isVisible():
            self._timer.start()

    def _refresh(self) -> None:
        project, key = self._project, self._key()
        if key != self._read_key:
            self._read_key = key
            self._read()
        elif self._view is not None and project.text != self._shown_text:
            self._view.detail.forget_previews()
        self._shown_text = project.text

    def _key(self) -> tuple[str, ...]:
        project = self._project
        return str(project.base_dir), *(repr(project.value(name)) for name in _KEYS)

    def _set_refusals(self, refusals: tuple[Problem, ...]) -> None:
        if refusals != self._refusals:
            self._refusals = refusals
            self.refusals_changed.emit()

    def _read(self, *, read_all: bool = False) -> None:
        from app.pages.data.reading import DataReading

        self._stop_reading()
        self._set_refusals(self._refusals if read_all else ())
        config = self._project.loaded.config
        if not self._project.value("data.train_dir"):
            self._stack.setCurrentWidget(self.empty)
            return
        if config is None:
            problem = next(item for item in self._project.problems if item.severity == "error")
            self._show_failure_text(f"Correct {problem.key or 'the file'} first: {problem.message}", problem.key)
            self._read_key = None
            return
        reading = DataReading(config, self._project.base_dir, read_all=read_all)
        reading.found.connect(self._show_found)
        reading.failed.connect(self._show_failure)
        reading.progressed.connect(self._show_progress)
        reading.ended.connect(self._end)
        self._reading = reading
        if self.shown is not self._view:
            self._stack.setCurrentWidget(self.loading)
        elif not read_all:
            self._patience.start()  # what is quickly read replaces what is shown without a flash
        reading.start()

    def _stop_reading(self) -> None:
        self._ending = [reading for reading in self._ending if not reading.is_over]
        self._patience.stop()
        if self._reading is not None:
            self._reading.cancel()
            self._ending.append(self._reading)  # its signals must outlive its thread
            self._reading = None

    def _cancel_check(self) -> None:
        self._stop_reading()
        self.view.summary.show_ended(self.view.found)

    def _show_found(self, found: DataFound) -> None:
        if self.sender() is self._reading:
            self._patience.stop()
            self.view.show_found(found, self._project.base_dir)
            self._stack.setCurrentWidget(self.view)
            self._set_refusals(found.refusals)

    def _show_failure(self, failure: DataFailure) -> None:
        if self.sender() is self._reading:
            self._show_failure_text(failure.message, failure.key)

    def _show_failure_text(self, message: str, key: str) -> None:
        self._patience.stop()
        self.failure_key = key
        self.failed.sentence.setText(message)
        self.failed.button.setVisible(bool(key))
        self._stack.setCurrentWidget(self.failed)

    def _show_progress(self, done: int, total: int) -> None:
        if self.sender() is self._reading and self._view is not None:
            self._view.summary.show_progress(done, total)

    def _end(self) -> None:
        if self.sender() is self._reading:
            self._reading = None
            if self._view is not None:
                self._view.summary.show_ended(self._view.found)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start(0)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()


class _Loading(QWidget):
    """While nothing is known yet."""

    def __init__(self) -> None:
        super().__init__()
        picture = IconLabel(48)
        picture.set_icon("images", "border")
        sentence = SecondaryLabel("Looking at the data …")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setFixedSize(160, 4)
        bar.setTextVisible(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        layout.addStretch(2)
        for widget in (picture, sentence, bar):
            layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
