"""New, open, save: what happens between the project and the disk, with dialogs that never block."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.project.project import Project
from app.project.recent import RecentFiles
from app.training.quick_job import QuickJob
from trainer.config.document import load_file
from trainer.config.yaml_editor import dump_yaml
from trainer.errors import ConfigError

_FILTER = "Configurations (*.yaml *.yml *.json);;All files (*)"


class Files(QObject):
    """File commands of the window.

    Signals:
        opened: Another project is open now.
        said: A message for the person, and its tone: `information`, `warning` or `error`.
        busy: What is being done at the moment, empty when nothing is.
        run_dropped: Path of a run folder that was dropped on the window.

    Args:
        project: The open project.
        recent: Files opened before.
        window: Parent of the dialogs.
    """

    opened = Signal()
    said = Signal(str, str)
    busy = Signal(str)
    run_dropped = Signal(object)

    def __init__(self, project: Project, recent: RecentFiles, window: QWidget) -> None:
        super().__init__(window)
        self._project = project
        self._recent = recent
        self._window = window
        self._job: QuickJob | None = None
        self._scratch = QTemporaryDir()
        self.question: QMessageBox | None = None

    def new_empty(self) -> None:
        """An unsaved project with all defaults."""
        self.guard(lambda: self._begin({}))

    def choose_folder(self) -> None:
        """Ask for a folder of pictures and set a project up for it."""
        dialog = QFileDialog(self._window, "New from a folder of pictures")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda path: self.new_from_folder(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def new_from_folder(self, folder: Path) -> None:
        """Look at a folder of pictures, beside the window, and set a project up for it."""
        self.guard(lambda: self._propose(["new", str(folder)], f"Looking at {folder.name} …"))

    def new_from_sample(self, name: str) -> None:
        """Write a sample data set, beside the window, and set a project up for it."""
        self.guard(lambda: self._propose(["sample", name], "Writing the sample's pictures …"))

    def choose_file(self) -> None:
        """Ask for a configuration and open it."""
        dialog = QFileDialog(self._window, "Open a configuration", str(self._project.base_dir), _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open(self, path: Path) -> None:
        """Open a configuration, asking about unsaved changes first."""
        self.guard(lambda: self._open(path))

    def open_anything(self, path: Path) -> None:
        """A dropped or given path: a configuration, a run folder, or a folder of pictures."""
        if (path / "run.json").is_file():
            self.run_dropped.emit(path)
        elif path.is_dir():
            self.new_from_folder(path)
        else:
            self.open(path)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save; ask for a name where there is none yet. `then` runs once it is saved."""
        if self._project.path is None:
            self.save_as(then)
        else:
            self._save_to(self._project.path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a name and save."""
        start = self._project.base_dir / f"{self._project.value('project.name')}.yaml"
        dialog = QFileDialog(self._window, "Save the configuration", str(start), _FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("yaml")
        dialog.selectFile(start.name)
        dialog.fileSelected.connect(lambda path: self._save_to(Path(path), then))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def guard(self, proceed: Callable[[], None]) -> None:
        """Do something that gives up the open project, after asking about unsaved changes."""
        self._project.commit_pending_edits()
        if not self._project.is_dirty or not self._project.text.strip():
            proceed()
            return
        box = QMessageBox(self._window)
        self.question = box
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(f"Save the changes to {self._project.title}?")
        box.setInformativeText("They are lost otherwise.")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        box.button(buttons.Save).clicked.connect(lambda: self.save(proceed))
        box.button(buttons.Discard).clicked.connect(proceed)
        box.finished.connect(box.deleteLater)
        box.open()

    def close(self) -> None:
        """Give up what is still being done."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _propose(self, arguments: list[str], sentence: str) -> None:
        if self._job is not None:
            self._job.cancel()
        out = Path(self._scratch.path()) / "proposal.yaml"
        self.busy.emit(sentence)

        def done(lines: list[str]) -> None:
            self._job = None
            self.busy.emit("")
            loaded = load_file(out)
            self._begin(loaded.values)
            self.said.emit(" ".join(lines[:-1]), "information")

        def failed(message: str) -> None:
            self._job = None
            self.busy.emit("")
            self.said.emit(message, "error")

        self._job = QuickJob([*arguments, "--out", str(out), "--force"], done, failed, self)

    def _begin(self, values: dict[str, object]) -> None:
        self._project.new(values)
        self.opened.emit()

    def _open(self, path: Path) -> None:
        try:
            self._project.open(path)
        except (ConfigError, OSError) as error:
            self._recent.remove(path)
            self.said.emit(str(error), "error")
            return
        self._recent.add(path)
        self.opened.emit()
        self._offer_migration()

    def _offer_migration(self) -> None:
        """A file in an older form becomes the current one, unsaved, with what was moved."""
        loaded = self._project.loaded
        if loaded.notes and loaded.values:
            path = self._project.path
            is_json = path is not None and path.suffix.lower() == ".json"
            self._project.set_text(json.dumps(loaded.values, indent=2) + "\n" if is_json else dump_yaml(loaded.values))
            self.said.emit(
                "This file had an older form and was brought up to date: " + " ".join(loaded.notes), "information"
            )

    def _save_to(self, path: Path, then: Callable[[], None] | None) -> None:
        try:
            self._project.save_as(path)
        except (ConfigError, OSError) as error:
            self.said.emit(f"Not saved: {error}", "error")
            return
        self._recent.add(path)
        if then is not None:
            then()
