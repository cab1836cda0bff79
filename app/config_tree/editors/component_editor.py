"""A choice by name, with search: built-in names, the user's own functions, or any Python file."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCompleter, QFileDialog, QMenu

from app.config_tree.editors.choice_list import ChoiceCombo, WithoutHeadings
from app.config_tree.editors.component_choices import Choice, choices_for, entry_of, usable_in_file, with_choice
from app.config_tree.editors.editor import Editor, grey_label
from app.config_tree.editors.field_edit import FieldEdit
from app.config_tree.editors.path_editor import path_text
from app.config_tree.exact_text import literal_text
from app.config_tree.row import readable
from trainer.catalog.entry import Entry

LOAD_CUSTOM = "Load custom…"
_ROOM_FOR_FILE_PX = 260


class ComponentEditor(Editor):
    """An editable drop-down list over the catalog. Names that it doesn't have stay as they are.

    Signals:
        remove_wanted: Take this item out of its list.
        move_up_wanted: Put this item before the one above.
        trial_wanted: Try this function of the user's out.
        curve_wanted: Show the learning rate over training.
    """

    remove_wanted = Signal()
    move_up_wanted = Signal()
    trial_wanted = Signal()
    curve_wanted = Signal()

    def build(self) -> None:
        self._box.setSpacing(0)  # the name needs the room more than the buttons do
        self.combo = ChoiceCombo()
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(ChoiceCombo.InsertPolicy.NoInsert)
        self.field = FieldEdit(is_framed=False)
        self.combo.setLineEdit(self.field)
        self.combo.setAccessibleName(self.row.title)
        self.field.setPlaceholderText(self.placeholder())
        self.presets: dict[str, dict[str, Any]] = {}
        self._file: str | None = None
        self._search_anywhere()
        self.combo.list_wanted.connect(self._fill)
        self.combo.activated.connect(self._choose)
        self.field.edited.connect(self._accept_typed)
        self.project.functions.changed.connect(self._look_again)
        self.add(self.combo, 1)
        self._file_label = grey_label("")
        self._file_label.hide()
        self.add(self._file_label)
        self._add_preset_button()
        self.trial_button = self.add_button("flask-conical", "Try it on one batch", self.trial_wanted.emit)
        self.trial_button.hide()
        self.curve_button = self.add_button(
            "chart-line", "Show the learning rate over training", self.curve_wanted.emit
        )
        self.curve_button.hide()
        if self.row.is_item:
            self._add_item_buttons()

    def placeholder(self) -> str:
        """What the empty field says."""
        return self.row.empty_text if self.row.optional else f"Choose {with_article(self.row.component)}"

    def show_value(self, value: Any) -> None:
        file = value.get("file") if isinstance(value, dict) else None
        self._show_file(file if isinstance(file, str) else None)
        text = self._text_of(value)
        self.field.show_text(text)
        chosen = f"{text} — {self._file}" if self._file else text  # a narrow row cuts both
        self.field.setToolTip(f"{self.row.tooltip()}<p>{html.escape(chosen)}</p>" if chosen else self.row.tooltip())
        self.presets = self._presets_of(value)
        self.preset_button.setVisible(bool(self.presets))
        is_curve = self.row.component == "schedule" and not self.row.is_argument
        self.curve_button.setVisible(is_curve and value is not None)

    def commit_pending(self) -> None:
        self.field.commit()

    def choose(self, name: str, file: str | None) -> None:
        """Take another component, with the arguments it shares with the one before."""
        old = self.value if isinstance(self.value, dict) else None
        if old is None or (old["name"], old["file"]) != (name, file):
            self.edited.emit(with_choice(old, self.row.component, name, file, self.project.base_dir))

    def apply_preset(self, name: str) -> None:
        """Give the component the arguments of a preset; those that the preset does not name stay."""
        if isinstance(self.value, dict):
            self.edited.emit(self.value | {"arguments": self.value["arguments"] | self.presets[name]})

    def pick_file(self) -> None:
        """Ask for a Python file; its function is taken, or its functions are offered."""
        own = self.project.base_dir / "custom_functions"
        start = own if own.is_dir() else self.project.base_dir
        dialog = QFileDialog(self, f"Load custom: {self.row.title}", str(start), "Python files (*.py)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.take_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take_file(self, path: str) -> None:
        """Use a Python file that was chosen: its one function of this kind, or ask which.

        Without any, the file is written all the same; the row then says what is wrong with it.
        """
        if not path:
            return
        file = path_text(Path(path), self.project)
        entries = usable_in_file(self.row.component, Path(path))
        if len(entries) > 1:
            self._ask_which(entries, file)
        else:
            self.choose(entries[0].name if entries else "", file)

    def _ask_which(self, entries: tuple[Entry, ...], file: str) -> None:
        menu = QMenu(self)
        self.function_menu = menu
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        for entry in entries:
            action = menu.addAction(entry.name)
            action.setToolTip(entry.description)
            action.triggered.connect(lambda _=False, name=entry.name: self.choose(name, file))
        menu.popup(self.combo.mapToGlobal(self.combo.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[0])

    def _text_of(self, value: Any) -> str:
        if isinstance(value, dict):
            return value["name"] if isinstance(value["name"], str) else literal_text(value)
        return "" if value is None else literal_text(value)

    def _search_anywhere(self) -> None:
        """Completion offers whatever holds the typed letters, without the headings."""
        names = WithoutHeadings(self.combo)
        names.setSourceModel(self.combo.model())
        completer = QCompleter(names, self.combo)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.combo.setCompleter(completer)

    def _lines(self) -> list[Choice | str]:
        """Everything to choose from as it is now; texts of their own for 'none' and for any other file."""
        before = [self.row.empty_text] if self.row.optional else []
        after = [LOAD_CUSTOM] if self.row.component != "output" else []
        return [*before, *choices_for(self.row.component, self.project, self._file), *after]

    def _fill(self) -> None:
        """Bring the list up to date; what is being typed stays, with its cursor and selection."""
        lines, field = self._lines(), self.field
        if lines == self.combo.choices.lines:
            self.combo.choices.lines = lines  # what is behind them may have been written anew
            return
        text, is_modified, cursor = field.text(), field.isModified(), field.cursorPosition()
        start, num_selected = field.selectionStart(), len(field.selectedText())
        self.combo.choices.show_lines(lines)
        self.combo.setCurrentIndex(-1)
        field.setText(text)
        field.setCursorPosition(cursor)
        if num_selected:
            field.setSelection(start, num_selected)
        field.setModified(is_modified)

    def _fill_if_in_use(self) -> None:
        """Somebody types or chooses here now; every other list is filled when it is opened."""
        if self.combo.hasFocus():
            self._fill()

    def _look_again(self) -> None:
        """The user's functions changed."""
        self._fill_if_in_use()
        self.show_value(self.value)

    def _show_file(self, file: str | None) -> None:
        if file == self._file:
            return
        self._file = file
        self._fill_if_in_use()
        self._file_label.setText(Path(file).name if file else "")
        self._file_label.setToolTip(file or "")
        self._fit_file_label()
        self.trial_button.setVisible(bool(file))

    def _fit_file_label(self) -> None:
        """The file's name gives way where there is no room for it beside the name of the function."""
        self._file_label.setVisible(bool(self._file) and self.width() >= _ROOM_FOR_FILE_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_file_label()

    def _choose(self, position: int) -> None:
        self.field.setModified(False)
        chosen = self.combo.choices.lines[position]
        if isinstance(chosen, Choice):
            if not chosen.is_heading:
                self.choose(chosen.name, chosen.file)
        elif chosen == LOAD_CUSTOM:
            self.pick_file()
        elif self.value is not None:
            self.edited.emit(None)
        self.show_again()

    def _accept_typed(self, text: str) -> None:
        name = text.strip()
        offered = [line for line in self._lines() if isinstance(line, Choice) and not line.is_heading]
        known = next((choice for choice in offered if name in (choice.label, choice.name)), None)
        if known is not None:
            self.choose(known.name, known.file)
        elif name and name not in (self.row.empty_text, LOAD_CUSTOM):
            self.choose(name, self._file)
        elif self.row.optional:
            self.edited.emit(None)
        self.show_again()

    def _presets_of(self, value: Any) -> dict[str, dict[str, Any]]:
        component = value if isinstance(value, dict) else None
        entry = entry_of(self.row.component, component, self.project.base_dir)
        return entry.presets if entry is not None else {}

    def _add_preset_button(self) -> None:
        self.preset_button = self.add_button("sliders-horizontal", "Presets", self.show_presets)
        self.preset_button.hide()

    def show_presets(self) -> None:
        """Open the small menu of presets."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        for name, arguments in self.presets.items():
            action = menu.addAction(readable(name))
            action.setToolTip("\n".join(f"{key}: {literal_text(item)}" for key, item in arguments.items()))
            action.triggered.connect(lambda _=False, name=name: self.apply_preset(name))
        menu.popup(self.preset_button.mapToGlobal(self.preset_button.rect().bottomLeft()))

    def show_again(self) -> None:
        """Show the project's value in place of what was picked, as an edit may have been refused."""
        self.field.setText(self._text_of(self.value))
        self.field.show_text(self._text_of(self.value))

    def _add_item_buttons(self) -> None:
        self.move_up_button = self.add_button("arrow-up", "Move up", self.move_up_wanted.emit)
        self.move_up_button.setVisible(not self.row.key.endswith(".0"))
        self.remove_button = self.add_button("x", "Remove from the list", self.remove_wanted.emit)


def with_article(kind: str) -> str:
    """`optimizer` as 'an optimizer', to stand in a sentence."""
    noun = kind.replace("_", " ")
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
