"""The YAML view: live both ways, and the person's text always wins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor

from app.project import Project
from app.yaml_view import YamlView

TEXT = "# first\ntraining:\n  epochs: 5\n  optimizer: Adam\n"


@pytest.fixture
def view(tmp_path: Path, qtbot) -> Iterator[YamlView]:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT)
    project = Project(recovery_folder=tmp_path / "recovery")
    project.open(path)
    view = YamlView(project)
    qtbot.addWidget(view)
    view.resize(400, 400)
    view.show()
    yield view
    project.close()


def put_cursor(view: YamlView, line: int, column: int) -> None:
    cursor = QTextCursor(view.editor.document().findBlockByNumber(line - 1))
    cursor.movePosition(QTextCursor.MoveOperation.Right, n=column)
    view.editor.setTextCursor(cursor)


def test_typing_reaches_the_project_a_moment_later(view: YamlView, qtbot) -> None:
    put_cursor(view, 3, len("  epochs: 5"))
    with qtbot.waitSignal(view.project.changed):
        qtbot.keyClicks(view.editor, "0")
    assert view.project.value("training.epochs") == 50
    assert view.project.text == TEXT.replace("5", "50")


def test_an_edit_elsewhere_reaches_the_text_and_keeps_the_cursor(view: YamlView) -> None:
    put_cursor(view, 4, 7)
    view.project.set_value("training.epochs", 123)
    assert view.editor.text() == TEXT.replace("5", "123")
    assert view.editor.textCursor().blockNumber() == 3
    assert view.editor.textCursor().positionInBlock() == 7


def test_showing_a_text_does_not_edit_it(view: YamlView, qtbot) -> None:
    odd = "# a\u00a0b 😀 \u2028 c\r\ntraining: {epochs: 3}\r\n"
    view.project.set_text(odd)
    with qtbot.assertNotEmitted(view.project.changed, wait=400):
        view.commit_pending()
    assert view.project.text == odd


def test_typing_keeps_line_ends_and_odd_characters(view: YamlView, qtbot) -> None:
    view.project.set_text("# a\u00a0b 😀\r\ntraining:\r\n  epochs: 5\r\n")
    put_cursor(view, 3, len("  epochs: 5"))
    qtbot.keyClicks(view.editor, "1")
    view.project.commit_pending_edits()
    assert view.project.text == "# a\u00a0b 😀\r\ntraining:\r\n  epochs: 51\r\n"


def test_invalid_text_stays_and_its_line_is_marked(view: YamlView, qtbot) -> None:
    put_cursor(view, 3, len("  epochs: 5"))
    qtbot.keyClicks(view.editor, "x")
    view.project.commit_pending_edits()
    assert "epochs: 5x" in view.editor.text()
    assert view.strip.isVisible()
    assert view.strip.button.text() == "Line 3"
    marked = [mark.cursor.blockNumber() + 1 for mark in view.editor.extraSelections()]
    assert marked == [3]
    view.project.undo()
    assert view.editor.text() == TEXT


def test_what_is_being_typed_wins_over_an_edit_elsewhere(view: YamlView, qtbot) -> None:
    put_cursor(view, 3, len("  epochs: 5"))
    qtbot.keyClicks(view.editor, ": [")
    view.project.set_value("data.batch_size", 8)
    assert "epochs: 5: [" in view.editor.text()
    view.commit_pending()
    assert view.project.text == view.editor.text()


def test_leaving_the_field_hands_in_at_once(view: YamlView, qtbot) -> None:
    view.editor.setFocus()
    put_cursor(view, 3, len("  epochs: 5"))
    qtbot.keyClicks(view.editor, "7")
    view.find_bar.open()
    assert view.project.value("training.epochs") == 57


def test_undo_and_redo_are_those_of_the_project(view: YamlView, qtbot) -> None:
    view.project.set_value("training.epochs", 9)
    put_cursor(view, 1, 0)
    qtbot.keyClick(view.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.editor.text() == TEXT
    qtbot.keyClick(view.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert view.project.value("training.epochs") == 9


def test_saving_right_after_typing_saves_what_was_typed(view: YamlView, qtbot) -> None:
    put_cursor(view, 3, len("  epochs: 5"))
    qtbot.keyClicks(view.editor, "8")
    view.project.save()
    assert view.project.path is not None
    assert "epochs: 58" in view.project.path.read_text()


def test_tab_and_return_indent_with_two_spaces(view: YamlView, qtbot) -> None:
    put_cursor(view, 2, len("training:"))
    qtbot.keyClick(view.editor, Qt.Key.Key_Return)
    qtbot.keyClick(view.editor, Qt.Key.Key_Tab)
    qtbot.keyClicks(view.editor, "a")
    qtbot.keyClick(view.editor, Qt.Key.Key_Backtab)
    assert view.editor.text().splitlines()[2] == "  a"


def test_find_goes_round(view: YamlView, qtbot) -> None:
    put_cursor(view, 4, 0)
    view.start_search()
    view.find_bar.field.setText("epochs")
    assert view.editor.textCursor().blockNumber() == 2
    view.find_bar.field.setText("nowhere")
    assert view.find_bar.found.text() == "Not found"
    qtbot.keyClick(view.find_bar.field, Qt.Key.Key_Escape)
    assert view.find_bar.isHidden()


def test_going_to_a_key_finds_its_line_or_that_of_the_section(view: YamlView) -> None:
    view.go_to_key("training.optimizer.arguments.beta_1")
    assert view.editor.textCursor().blockNumber() == 3
    view.go_to_key("training.loss")
    assert view.editor.textCursor().blockNumber() == 1


def test_keys_numbers_and_comments_have_their_own_colours(view: YamlView) -> None:
    block = view.editor.document().findBlockByNumber(2)
    view.editor.highlighter.rehighlight()
    formats = block.layout().formats()
    assert [(part.start, part.length) for part in formats] == [(2, 6), (10, 1)]
    assert view.editor.document().firstBlock().layout().formats()[0].length == len("# first")
