"""Components inside arguments, presets, groups, and the user's own functions in the tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.config_tree import ConfigTree
from app.config_tree.editors.component_editor import LOAD_CUSTOM
from app.config_tree.row_menu import row_menu
from app.project import Project

LOSSES = '''"""Losses."""
from typing import Annotated, Literal
import keras

PRESETS = {"focal_dice": {"easy": {"gamma": 1.0}, "hard": {"gamma": 4.0, "alpha": 0.6}}}


def focal_dice(
    y_true,
    y_pred,
    gamma: Annotated[float, "0..5", "How much hard pictures count."] = 2.0,
    alpha: Annotated[float, "0..1", "group: balance"] = 0.25,
    mode: Annotated[Literal["mean", "sum"], "group: balance"] = "mean",
    width: Annotated[int, "unit: px", "min 1"] = 3,
    inner: keras.losses.Loss | None = None,
    smooth: Annotated[float, "advanced"] = 1e-6,
):
    """Focal loss and Dice together."""
    return keras.losses.categorical_crossentropy(y_true, y_pred)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "custom_functions").mkdir()
    (tmp_path / "custom_functions" / "losses.py").write_text(LOSSES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def view(folder: Path, qtbot: QtBot) -> Iterator[ConfigTree]:
    project = Project(recovery_folder=folder / "recovery")
    config = folder / "mine.yaml"
    config.write_text("training:\n  epochs: 3  # few\n", encoding="utf-8")
    project.open(config)
    view = ConfigTree(project, QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    view.header.level.setChecked(True)
    qtbot.addWidget(view)
    view.resize(400, 800)
    view.show()
    yield view
    project.close()


def editor(view: ConfigTree, key: str) -> Any:
    view.jump_to(key)
    item = view.rows.find(key)
    assert item is not None, key
    assert item.editor is not None, key
    return item.editor


def pick(combo: Any, label: str) -> None:
    combo.showPopup()
    combo.hidePopup()
    position = combo.findText(label)
    assert position >= 0, label
    combo.setCurrentIndex(position)
    combo.activated.emit(position)


def type_into(qtbot: QtBot, field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def use_focal_dice(view: ConfigTree) -> None:
    view.project.set_value("training.loss", {"file": "custom_functions/losses.py", "name": "focal_dice"})


def test_arguments_of_an_own_function_are_rows_with_bounds_units_groups_and_tooltips(view: ConfigTree) -> None:
    use_focal_dice(view)
    gamma = view.rows.find("training.loss.arguments.gamma")
    assert gamma is not None
    assert "a number from 0 to 5" in gamma.toolTip(0)
    assert "How much hard pictures count." in gamma.toolTip(0)
    width = view.rows.find("training.loss.arguments.width")
    assert width is not None
    assert (width.row.kind, width.row.unit, width.row.minimum) == ("int", "px", 1)
    alpha = view.rows.find("training.loss.arguments.alpha")
    assert alpha is not None
    group = alpha.parent()
    assert (group.text(0), group.row.kind) == ("Balance", "group")
    assert [child.row.name for child in group.setting_children()] == ["alpha", "mode"]


def test_advanced_arguments_show_only_with_all_settings(view: ConfigTree) -> None:
    use_focal_dice(view)
    smooth = view.rows.find("training.loss.arguments.smooth")
    assert smooth is not None
    assert not smooth.isHidden()
    view.header.level.setChecked(False)
    assert smooth.isHidden()


def test_a_value_out_of_bounds_is_marked_on_its_row_and_kept(view: ConfigTree, qtbot: QtBot) -> None:
    use_focal_dice(view)
    type_into(qtbot, editor(view, "training.loss.arguments.gamma").field, "9")
    gamma = view.rows.find("training.loss.arguments.gamma")
    assert gamma is not None
    assert "from 0 to 5, received 9" in gamma.messages()[0].text(0)
    assert view.project.value("training.loss.arguments.gamma") == 9


def test_a_component_inside_an_argument_has_rows_of_its_own_at_any_depth(view: ConfigTree, qtbot: QtBot) -> None:
    use_focal_dice(view)
    inner = editor(view, "training.loss.arguments.inner")
    pick(inner.combo, "CategoricalCrossentropy")
    assert view.project.value("training.loss.arguments.inner") == {"name": "CategoricalCrossentropy"}
    key = "training.loss.arguments.inner.arguments.label_smoothing"
    type_into(qtbot, editor(view, key).field, "0.1")
    assert view.project.value("training.loss.arguments.inner") == {
        "name": "CategoricalCrossentropy",
        "arguments": {"label_smoothing": 0.1},
    }
    assert view.project.problems == () or all("training.loss" not in p.key for p in view.project.problems)
    view.project.undo()
    view.project.undo()
    assert view.project.value("training.loss.arguments.inner") is None
    assert editor(view, "training.loss.arguments.inner").field.text() == ""


def test_an_argument_of_a_nested_bare_name_keeps_the_name(view: ConfigTree, qtbot: QtBot) -> None:
    view.project.set_text(
        "training:\n  loss: {file: custom_functions/losses.py, name: focal_dice,"
        " arguments: {inner: CategoricalCrossentropy}}\n"
    )
    type_into(qtbot, editor(view, "training.loss.arguments.inner.arguments.label_smoothing").field, "0.2")
    assert view.project.value("training.loss.arguments.inner") == {
        "name": "CategoricalCrossentropy",
        "arguments": {"label_smoothing": 0.2},
    }


def test_an_unknown_nested_name_stays_and_is_marked(view: ConfigTree) -> None:
    loss = "{file: custom_functions/losses.py, name: focal_dice, arguments: {inner: {name: Nonsense}}}"
    text = f"training:\n  loss: {loss}\n"
    view.project.set_text(text)
    assert editor(view, "training.loss.arguments.inner").field.text() == "Nonsense"
    item = view.rows.find("training.loss.arguments.inner")
    assert item is not None
    assert "Nonsense" in item.messages()[0].text(0)
    assert view.project.text == text


def test_outputs_have_free_names_and_losses_and_metrics_inside(view: ConfigTree, qtbot: QtBot) -> None:
    outputs = editor(view, "training.outputs")
    outputs.combo.showPopup()
    outputs.combo.hidePopup()
    assert outputs.combo.findText(LOAD_CUSTOM) < 0, "an output is no function"
    type_into(qtbot, outputs.field, "masks")
    assert view.project.value("training.outputs") == [{"name": "masks"}]
    pick(editor(view, "training.outputs.0.arguments.loss").combo, "BinaryCrossentropy")
    pick(editor(view, "training.outputs.0.arguments.metrics").combo, "BinaryAccuracy")
    type_into(qtbot, editor(view, "training.outputs.0.arguments.metrics.0.arguments.threshold").field, "0.4")
    (output,) = view.project.value("training.outputs")
    assert output["name"] == "masks"
    assert output["arguments"]["loss"] == {"name": "BinaryCrossentropy"}
    assert output["arguments"]["metrics"] == [{"name": "BinaryAccuracy", "arguments": {"threshold": 0.4}}]


def test_a_preset_sets_its_arguments_in_one_undo_step_and_leaves_the_others(view: ConfigTree, qtbot: QtBot) -> None:
    use_focal_dice(view)
    type_into(qtbot, editor(view, "training.loss.arguments.width").field, "7")
    loss = editor(view, "training.loss")
    loss.show_presets()
    (menu,) = [child for child in loss.findChildren(QMenu) if child.isVisible()]
    assert [action.text() for action in menu.actions()] == ["Easy", "Hard"]
    menu.actions()[1].trigger()
    menu.close()
    assert view.project.value("training.loss")["arguments"] == {"width": 7, "gamma": 4.0, "alpha": 0.6}
    view.project.undo()
    assert view.project.value("training.loss")["arguments"] == {"width": 7}


def test_the_chooser_offers_keras_then_own_functions_then_any_file(view: ConfigTree, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.project.functions.changed):
        view.project.watch_functions()
    combo = editor(view, "training.loss").combo
    combo.showPopup()
    combo.hidePopup()
    labels = [combo.itemText(place) for place in range(combo.count())]
    own = labels.index("focal_dice — custom_functions/losses.py")
    assert labels.index("Keras") < labels.index("Huber") < labels.index("Your functions") < own
    assert labels[-1] == LOAD_CUSTOM
    heading = combo.model().index(labels.index("Keras"), 0)
    assert not heading.flags() & Qt.ItemFlag.ItemIsEnabled, "a heading cannot be chosen"
    pick(combo, labels[own])
    assert view.project.value("training.loss") == {"name": "focal_dice", "file": "custom_functions/losses.py"}


def test_an_own_function_is_found_by_typing_its_name(view: ConfigTree, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.project.functions.changed):
        view.project.watch_functions()
    type_into(qtbot, editor(view, "training.loss").field, "focal_dice")
    assert view.project.value("training.loss") == {"name": "focal_dice", "file": "custom_functions/losses.py"}


def test_load_custom_takes_the_one_function_of_a_file_outside_with_its_path(view: ConfigTree, folder: Path) -> None:
    outside = folder.parent / "elsewhere.py"
    outside.write_text("def mine(y_true, y_pred, power: float = 2.0):\n    return y_true\n", encoding="utf-8")
    editor(view, "training.loss").take_file(str(outside))
    assert view.project.value("training.loss") == {"name": "mine", "file": str(outside)}
    assert view.rows.find("training.loss.arguments.power") is not None


def test_load_custom_asks_which_of_several_functions(view: ConfigTree, folder: Path) -> None:
    path = folder / "two.py"
    path.write_text(
        "def first(y_true, y_pred):\n    '''One.'''\n\n\ndef helper(text):\n    pass\n\n\n"
        "def second(y_true, y_pred):\n    '''Two.'''\n",
        encoding="utf-8",
    )
    metrics = editor(view, "training.metrics")
    metrics.take_file(str(path))
    assert view.project.value("training.metrics") is None, "nothing is chosen yet"
    menu = metrics.function_menu
    assert [action.text() for action in menu.actions()] == ["first", "second"], "the helper is no metric"
    menu.actions()[1].trigger()
    menu.close()
    assert view.project.value("training.metrics") == [{"name": "second", "file": "two.py"}]


def test_a_file_without_a_fitting_function_is_written_and_the_row_says_why(view: ConfigTree, folder: Path) -> None:
    path = folder / "odd.py"
    path.write_text("def helper(text):\n    pass\n", encoding="utf-8")
    editor(view, "training.loss").take_file(str(path))
    item = view.rows.find("training.loss")
    assert item is not None
    assert view.project.value("training.loss") == {"file": "odd.py"}
    assert "function(y_true, y_pred" in item.messages()[0].text(0)


def test_an_edited_file_brings_its_new_argument_without_a_restart(view: ConfigTree, folder: Path, qtbot: QtBot) -> None:
    use_focal_dice(view)
    with qtbot.waitSignal(view.project.functions.changed):
        view.project.watch_functions()
    assert view.rows.find("training.loss.arguments.tilt") is None
    changed = LOSSES.replace("    width:", "    tilt: float = 0.5,\n    width:")
    with qtbot.waitSignal(view.project.functions.changed):
        (folder / "custom_functions" / "losses.py").write_text(changed, encoding="utf-8")
    assert view.rows.find("training.loss.arguments.tilt") is not None


def test_a_file_broken_while_it_is_used_marks_its_row_with_file_and_line(
    view: ConfigTree, folder: Path, qtbot: QtBot
) -> None:
    use_focal_dice(view)
    with qtbot.waitSignal(view.project.functions.changed):
        view.project.watch_functions()
    path = folder / "custom_functions" / "losses.py"
    with qtbot.waitSignal(view.project.functions.changed):
        path.write_text("import keras\ndef focal_dice(y_true, y_pred)\n    return 1\n", encoding="utf-8")
    item = view.rows.find("training.loss")
    assert item is not None
    assert "losses.py:2: Not valid Python" in item.messages()[0].text(0)
    assert view.project.value("training.loss")["name"] == "focal_dice"


def test_only_own_functions_have_the_button_to_try_them_and_the_menu_has_it_too(view: ConfigTree) -> None:
    wanted: list[str] = []
    view.trial_wanted.connect(wanted.append)
    pick(editor(view, "training.loss").combo, "Huber")
    assert not editor(view, "training.loss").trial_button.isVisible()
    use_focal_dice(view)
    loss = editor(view, "training.loss")
    assert loss.trial_button.isVisible()
    loss.trial_button.click()
    menu = row_menu(view, view.rows.find("training.loss"))
    next(action for action in menu.actions() if action.text() == "Try it on one batch").trigger()
    menu.deleteLater()
    assert wanted == ["training.loss", "training.loss"]


def test_a_note_stands_under_its_row_until_the_row_changes(view: ConfigTree) -> None:
    use_focal_dice(view)
    view.show_note("training.loss", "It works.", "accent", "details")
    item = view.rows.find("training.loss")
    assert item is not None
    assert [message.text(0) for message in item.messages()] == ["It works."]
    view.project.set_value("training.epochs", 4)
    assert item.note is not None, "an edit elsewhere leaves it"
    view.project.set_value("training.loss.arguments.gamma", 1.0)
    assert item.messages() == [], "it was about the arguments before"


KEYWORDS = "def made(input_shape, num_classes, width: int = 8, **kwargs):\n    '''A model.'''\n    return None\n"


@pytest.fixture
def model(view: ConfigTree, folder: Path) -> str:
    """Chooses a model that takes arguments of any name; gives the key of the row that adds one."""
    (folder / "models.py").write_text(KEYWORDS, encoding="utf-8")
    editor(view, "model.architecture").take_file(str(folder / "models.py"))
    return "model.architecture.arguments.:new"


@pytest.mark.parametrize("text", ["dropout_rate: 0.3", "dropout_rate=0.3", '{"dropout_rate": 0.3}'])
def test_an_argument_of_any_name_is_added_in_a_row_of_its_own_and_taken_out_again(
    view: ConfigTree, qtbot: QtBot, model: str, text: str
) -> None:
    adding = editor(view, model)
    type_into(qtbot, adding.field, text)
    assert view.project.value("model.architecture.arguments") == {"dropout_rate": 0.3}
    assert adding.field.text() == ""
    assert editor(view, model) is adding, "the next one can be typed at once"
    added = editor(view, "model.architecture.arguments.dropout_rate")
    assert added.field.text() == "0.3"
    added.reset_button.click()
    assert view.project.value("model.architecture") == {"name": "made", "file": "models.py"}
    assert view.rows.find("model.architecture.arguments.dropout_rate") is None


def test_typing_that_names_no_argument_stays_and_is_explained(view: ConfigTree, qtbot: QtBot, model: str) -> None:
    before = view.project.text
    type_into(qtbot, editor(view, model).field, "0.3")
    item = view.rows.find(model)
    assert item is not None
    assert [message.text(0) for message in item.messages()] == ["Type a name and a value, such as dropout_rate: 0.3."]
    assert editor(view, model).field.text() == "0.3"
    assert view.project.text == before
    type_into(qtbot, editor(view, model).field, "width: 9")
    assert item.messages() == []
    assert view.project.value("model.architecture.arguments") == {"width": 9}


def test_a_function_that_takes_only_its_own_arguments_offers_no_further_one(view: ConfigTree) -> None:
    use_focal_dice(view)
    assert view.rows.find("training.loss.arguments.gamma") is not None
    assert view.rows.find("training.loss.arguments.:new") is None


def test_an_own_function_that_joins_a_list_shows_its_arguments_at_once(view: ConfigTree, folder: Path) -> None:
    path = folder / "metrics.py"
    path.write_text("def mine(y_true, y_pred, power: float = 2.0):\n    return y_true\n", encoding="utf-8")
    pick(editor(view, "training.metrics").combo, "BinaryAccuracy")
    editor(view, "training.metrics").take_file(str(path))
    first, second = (view.rows.find(f"training.metrics.{place}") for place in range(2))
    assert first is not None and second is not None
    assert not first.isExpanded()
    assert second.isExpanded()
    assert [child.row.name for child in second.setting_children()] == ["power"]


def test_a_step_with_values_of_its_own_shows_each_argument_once(view: ConfigTree) -> None:
    steps = [{"name": "RandAugment"}, {"name": "MixUp", "arguments": {"alpha": 0.2}}]
    view.project.new({"data": {"augmentation": {"steps": steps}}})
    other = ConfigTree(view.project, QSettings())
    try:
        step = other.rows.find("data.augmentation.steps.1")
        assert step is not None
        assert [child.row.name for child in step.setting_children()] == ["alpha", "probability"]
    finally:
        other.deleteLater()
