"""A switch."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox

from app.config_tree.editors.editor import Editor
from app.config_tree.exact_text import literal_text


class BoolEditor(Editor):
    """A check box; a value that is neither true nor false is shown beside it, half checked, until it is clicked."""

    def build(self) -> None:
        self.box = QCheckBox()
        self.box.setAccessibleName(self.row.title)
        self.box.clicked.connect(self._accept)
        self.add(self.box)
        self.add_stretch()

    def show_value(self, value: Any) -> None:
        if isinstance(value, bool):
            self.box.setTristate(False)
            self.box.setChecked(value)
            self.box.setText("")
        else:
            self.box.setCheckState(Qt.CheckState.PartiallyChecked)
            self.box.setText(literal_text(value))

    def _accept(self) -> None:
        self.edited.emit(self.box.checkState() == Qt.CheckState.Checked)
