"""Height and width."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from app.config_tree.editors.editor import Editor
from app.config_tree.editors.field_edit import FieldEdit
from app.config_tree.exact_text import literal_text, parse_literal, parse_number

_SIDE_WIDTH_PX = 52


class SizeEditor(Editor):
    """Two numbers; a value of another shape is shown whole in the first field."""

    def build(self) -> None:
        self.height_field, self.width_field = FieldEdit(), FieldEdit()
        self._times = QLabel("×")
        self.add(self.height_field)
        self.add(self._times)
        self.add(self.width_field)
        for field, name in ((self.height_field, "height"), (self.width_field, "width")):
            field.setMaximumWidth(_SIDE_WIDTH_PX)
            field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            field.setAccessibleName(f"{self.row.title}, {name}")
            field.edited.connect(self._accept)
        self._times.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        if not self.row.unit:
            self.add_stretch()

    def show_value(self, value: Any) -> None:
        is_pair = isinstance(value, list) and len(value) == 2
        self._times.setVisible(is_pair)
        self.width_field.setVisible(is_pair)
        self.height_field.setMaximumWidth(_SIDE_WIDTH_PX if is_pair else 2 * _SIDE_WIDTH_PX)
        if is_pair:
            self.height_field.show_text(literal_text(value[0]))
            self.width_field.show_text(literal_text(value[1]))
        else:
            self.height_field.show_text(literal_text(value))

    def commit_pending(self) -> None:
        self.height_field.commit()
        self.width_field.commit()

    def _accept(self) -> None:
        if not (isinstance(self.value, list) and len(self.value) == 2):
            self.edited.emit(parse_literal(self.height_field.text()))
            return
        typed = [field.text().strip() for field in (self.height_field, self.width_field)]
        if all(typed):
            self.edited.emit([parse_number(text, is_whole=True) for text in typed])
        else:
            self.reset_wanted.emit()
            self.show_value(self.value)
