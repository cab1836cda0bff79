"""A folder or a file."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog

from app.config_tree.editors.text_editor import TextEditor
from app.project.project import Project


def path_text(path: Path, project: Project) -> str:
    """How a chosen path is written: relative where it lies beside or below the project's file, else whole."""
    path = path.absolute()
    if project.path is not None and path.is_relative_to(project.base_dir):
        return path.relative_to(project.base_dir).as_posix()
    return str(path)


class PathEditor(TextEditor):
    """A text field with a button that opens the system's dialog; takes a dropped folder or file."""

    def build(self) -> None:
        super().build()
        what = self.row.picker
        self.field.setPlaceholderText(self.row.empty_text if self.row.optional else f"Choose a {what}")
        for wanted in what.split(" or "):
            icon = "folder-open" if wanted == "folder" else "file"
            self.pick_button = self.add_button(
                icon, f"Choose a {wanted}", functools.partial(self.pick, is_folder=wanted == "folder")
            )
        self.field.setAcceptDrops(False)
        self.setAcceptDrops(True)
        self.field.installEventFilter(self)

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        self._show_end()

    def pick(self, *, is_folder: bool) -> None:
        """Open the dialog; the window goes on meanwhile."""
        dialog = QFileDialog(self, f"Choose: {self.row.title}", str(self._start_folder()))
        dialog.setFileMode(QFileDialog.FileMode.Directory if is_folder else QFileDialog.FileMode.ExistingFile)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, is_folder)
        dialog.fileSelected.connect(self.take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take(self, path: str) -> None:
        """Use a path that was chosen or dropped."""
        if path:
            self.edited.emit(path_text(Path(path), self.project))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if path := self._dropped(event):
            event.acceptProposedAction()
            self.take(path)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FocusOut):
            self.field.setToolTip(self._whole_if_cut())
            self._show_end()
        return False

    def _show_end(self) -> None:
        """Paths are told apart by their ends, and long ones are cut."""
        if not self.field.hasFocus():
            self.field.end(False)

    def _whole_if_cut(self) -> str:
        is_cut = self.field.fontMetrics().horizontalAdvance(self.field.text()) > self.field.width() - 12
        return self.field.text() if is_cut else ""

    def _dropped(self, event: QDropEvent) -> str:
        urls = event.mimeData().urls()
        path = urls[0].toLocalFile() if len(urls) == 1 else ""
        is_wanted = {"folder": Path.is_dir, "file": Path.is_file}
        return path if path and any(is_wanted[what](Path(path)) for what in self.row.picker.split(" or ")) else ""

    def _start_folder(self) -> Path:
        path = self.project.base_dir / Path(self.field.text()).expanduser()
        return path if path.exists() else self.project.base_dir
