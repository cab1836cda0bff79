"""One editor per kind of row. An editor shows any value as it is and only ever changes what a person edits."""

from __future__ import annotations

from app.config_tree.editors.bool_editor import BoolEditor
from app.config_tree.editors.choice_editor import ChoiceEditor
from app.config_tree.editors.component_editor import ComponentEditor
from app.config_tree.editors.components_editor import ComponentsEditor
from app.config_tree.editors.editor import Editor
from app.config_tree.editors.new_argument_editor import NewArgumentEditor
from app.config_tree.editors.path_editor import PathEditor
from app.config_tree.editors.size_editor import SizeEditor
from app.config_tree.editors.text_editor import LiteralEditor, NumberEditor, TextEditor
from app.config_tree.row import Row
from app.project.project import Project

_CLASSES: dict[str, type[Editor]] = {
    "choice": ChoiceEditor,
    "component": ComponentEditor,
    "components": ComponentsEditor,
    "float": NumberEditor,
    "int": NumberEditor,
    "literal": LiteralEditor,
    "new_argument": NewArgumentEditor,
    "size": SizeEditor,
    "text": TextEditor,
}


def make_editor(row: Row, project: Project) -> Editor:
    """The editor of a row."""
    if row.picker:
        return PathEditor(row, project)
    if row.kind == "bool":
        return ChoiceEditor(row, project) if row.optional else BoolEditor(row, project)
    return _CLASSES[row.kind](row, project)


__all__ = ["Editor", "make_editor"]
