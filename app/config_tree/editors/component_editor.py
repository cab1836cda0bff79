"""A choice by name, with search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QFileDialog

from app.config_tree.editors.component_choices import built_in_names, names_in_file, with_choice
from app.config_tree.editors.editor import Editor, grey_label
from app.config_tree.editors.field_edit import FieldEdit
from app.config_tree.editors.path_editor import path_text
from app.config_tree.editors.quiet_combo import QuietCombo
from app.config_tree.exact_text import literal_text
from trainer.config.paths import resolve

FROM_FILE = "From a Python file…"


class ComponentEditor(Editor):
    """An editable drop-down list over the catalog. Names that it doesn't have stay as they are.

    Signals:
        remove_wanted: Take this item out of its list.
        move_up_wanted: Put this item before the one above.
    """

    remove_wanted = Signal()
    move_up_wanted = Signal()

    def build(self) -> None:
        self.combo = QuietCombo()
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(QuietCombo.InsertPolicy.NoInsert)
        self.field = FieldEdit(is_framed=False)
        self.combo.setLineEdit(self.field)
        self.combo.setAccessibleName(self.row.title)
        self.field.setPlaceholderText(self.placeholder())
        self._search_anywhere()
        self._file: str | None = None
        self._choices: list[tuple[str, str | None] | None] = []
        self._fill()
        self.combo.activated.connect(self._choose)
        self.field.edited.connect(self._accept_typed)
        self.add(self.combo, 1)
        self._file_label = grey_label("")
        self._file_label.hide()
        self.add(self._file_label)
        if self.row.is_item:
            self._add_item_buttons()

    def placeholder(self) -> str:
        """What the empty field says."""
        return self.row.empty_text if self.row.optional else f"Choose a {self.row.component}"

    def show_value(self, value: Any) -> None:
        file = value.get("file") if isinstance(value, dict) else None
        self._show_file(file if isinstance(file, str) else None)
        self.field.show_text(self._text_of(value))

    def commit_pending(self) -> None:
        self.field.commit()

    def choose(self, name: str, file: str | None) -> None:
        """Take another component, with the arguments it shares with the one before."""
        old = self.value if isinstance(self.value, dict) else None
        if old is None or (old["name"], old["file"]) != (name, file):
            self.edited.emit(with_choice(old, self.row.component, name, file, self.project.base_dir))

    def pick_file(self) -> None:
        """Ask for a Python file; its first function is taken and the others are offered."""
        dialog = QFileDialog(self, f"Choose: {self.row.title}", str(self.project.base_dir), "Python files (*.py)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.take_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take_file(self, path: str) -> None:
        """Use a Python file that was chosen."""
        if path:
            names = names_in_file(self.row.component, Path(path))
            self.choose(names[0] if names else "", path_text(Path(path), self.project))

    def _text_of(self, value: Any) -> str:
        if isinstance(value, dict):
            return value["name"] if isinstance(value["name"], str) else literal_text(value)
        return "" if value is None else literal_text(value)

    def _search_anywhere(self) -> None:
        completer = self.combo.completer()
        if completer is None:
            return
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)

    def _fill(self) -> None:
        kind = self.row.component
        own = names_in_file(kind, resolve(self._file, self.project.base_dir)) if self._file else ()
        entries: list[tuple[str, tuple[str, str | None] | None]] = []
        if self.row.optional:
            entries.append((self.row.empty_text, None))
        entries += [(name, (name, self._file)) for name in own]
        entries += [(name, (name, None)) for name in built_in_names(kind)]
        self._choices = [choice for _, choice in entries]
        self.combo.clear()
        self.combo.addItems([label for label, _ in entries])
        self.combo.addItem(FROM_FILE)
        self.combo.setCurrentIndex(-1)

    def _show_file(self, file: str | None) -> None:
        if file == self._file:
            return
        self._file = file
        self._fill()
        self._file_label.setText(Path(file).name if file else "")
        self._file_label.setToolTip(file or "")
        self._file_label.setVisible(bool(file))

    def _choose(self, position: int) -> None:
        self.field.setModified(False)
        if position >= len(self._choices):
            self.pick_file()
        elif choice := self._choices[position]:
            self.choose(*choice)
        elif self.value is not None:
            self.edited.emit(None)
        self.show_again()

    def _accept_typed(self, text: str) -> None:
        name = text.strip()
        known = {choice[0]: choice[1] for choice in reversed(self._choices) if choice is not None}
        if name and name not in (self.row.empty_text, FROM_FILE):
            self.choose(name, known.get(name, self._file))
        elif self.row.optional:
            self.edited.emit(None)
        self.show_again()

    def show_again(self) -> None:
        """Show the project's value in place of what was picked, as an edit may have been refused."""
        self.field.setText(self._text_of(self.value))
        self.field.show_text(self._text_of(self.value))

    def _add_item_buttons(self) -> None:
        self.move_up_button = self.add_button("arrow-up", "Move up", self.move_up_wanted.emit)
        self.move_up_button.setVisible(not self.row.key.endswith(".0"))
        self.remove_button = self.add_button("x", "Remove from the list", self.remove_wanted.emit)
