"""Showing a configuration never edits it, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from app.config_tree import ConfigTree
from app.config_tree.exact_text import literal_text, number_text, parse_literal, parse_number
from app.project import Project
from trainer.config.describe import Setting, all_settings
from trainer.config.document import load_text

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
)
NAMES = st.sampled_from(["Adam", "AdamW", "Nonsense", "MeanSquaredError", "ResNet50", "AUC"])
ARGUMENTS = st.dictionaries(
    st.sampled_from(["beta_1", "weight_decay", "clipnorm", "unknown_one", "name"]),
    SCALARS | st.lists(SCALARS, max_size=2),
)
COMPONENTS = NAMES | st.fixed_dictionaries({"name": NAMES}, optional={"arguments": ARGUMENTS, "file": st.just("my.py")})


def fitting(setting: Setting) -> st.SearchStrategy[Any]:
    """Values as a person may well write them: fitting ones, None, tiny numbers, unknown names."""
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": st.integers(0, 10**6),
        "float": st.sampled_from([1e-9, 1.23456789e-4, 0.1, 1 / 3, 10.0]),
        "text": st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=10),
        "choice": st.sampled_from([*setting.choices, "unknown_choice"]),
        "size": st.tuples(st.integers(1, 512), st.integers(1, 512)).map(list),
        "component": COMPONENTS,
        "components": st.lists(COMPONENTS, max_size=3),
    }
    return by_kind[setting.kind] | st.none() if setting.optional else by_kind[setting.kind]


LEAVES = [setting for setting in all_settings().values() if setting.kind != "section"]
LIKELY = st.fixed_dictionaries({}, optional={setting.key: fitting(setting) for setting in LEAVES})
WILD = st.dictionaries(st.sampled_from([setting.key for setting in LEAVES]), SCALARS | st.lists(SCALARS, max_size=3))


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in flat.items():
        *around, last = key.split(".")
        node = values
        for part in around:
            node = node.setdefault(part, {})
        node[last] = value
    return values


@pytest.fixture
def shown(tmp_path: Path, qtbot) -> Iterator[ConfigTree]:
    project = Project(recovery_folder=tmp_path / "recovery")
    view = ConfigTree(project, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    view.header.level.setChecked(True)
    qtbot.addWidget(view)
    view.resize(360, 800)
    view.show()
    yield view
    project.close()


def look_at_everything(view: ConfigTree) -> None:
    for _ in range(3):
        for item in list(view.rows.all_items()):
            item.setExpanded(True)
    assert all(item.editor is not None for item in view.rows.all_items() if not item.row.is_heading)
    view.rows.commit_pending()
    view.header.search.setText("a")
    view.header.search.clear()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(flat=LIKELY | WILD)
@example(flat={"training.epochs": None, "training.initial_learning_rate": "1e-3", "data.image_size": [1, 2, 3]})
@example(flat={"training.optimizer": 5, "training.metrics": "AUC", "data.shuffle": "on", "data": []})
@example(flat={"training.epochs": True, "training.metrics": [1, None], "training.loss": {"nane": "x"}})
def test_showing_any_configuration_leaves_the_text_as_it_is(shown: ConfigTree, flat: dict[str, Any]) -> None:
    from trainer.config.yaml_editor import dump_yaml

    text = dump_yaml(nested({key: value for key, value in flat.items() if key != "data"}))
    shown.project.new()
    shown.project.set_text(text)
    look_at_everything(shown)
    assert shown.project.text == text


@settings(max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**18), 10**18))
def test_numbers_are_shown_with_all_their_digits(number: float) -> None:
    read = parse_number(number_text(number), is_whole=isinstance(number, int))
    assert read == number


@settings(max_examples=300)
@given(SCALARS | st.lists(SCALARS) | st.dictionaries(st.text("ab", min_size=1), SCALARS))
def test_literals_are_read_back_as_what_they_were(value: Any) -> None:
    read = parse_literal(literal_text(value))
    assert read == value
    assert type(read) is type(value)


def test_values_that_fit_no_editor_are_shown_as_they_are(shown: ConfigTree) -> None:
    shown.project.set_text(
        "training:\n  epochs: many\n  initial_learning_rate: 1e-4\n  loss: FancyLoss\n  stop_on_nan: perhaps\n"
        "data:\n  normalization: weird\n  image_size: [1, 2, 3]\n  val_dir: null\n"
    )

    def editor(key: str) -> Any:
        item = shown.rows.find(key)
        assert item is not None
        return item.editor

    assert editor("training.epochs").field.text() == "many"
    assert editor("training.initial_learning_rate").field.text() == "1e-4"
    assert editor("training.loss").field.text() == "FancyLoss"
    assert editor("training.stop_on_nan").box.text() == "perhaps"
    assert editor("data.normalization").combo.currentText() == "weird"
    assert editor("data.image_size").height_field.text() == "[1, 2, 3]"
    assert editor("data.val_dir").field.text() == ""
    assert load_text(shown.project.text).values["training"]["epochs"] == "many"


def test_a_long_path_shows_its_end(shown: ConfigTree) -> None:
    path = "/data/of/many/projects/of/many/people/pictures"
    shown.project.set_value("data.train_dir", path)
    item = shown.rows.find("data.train_dir")
    assert item is not None and item.editor is not None
    assert item.editor.field.text() == path and item.editor.field.cursorPosition() == len(path)


def test_every_setting_has_a_row_with_a_tooltip(shown: ConfigTree) -> None:
    for setting in all_settings().values():
        item = shown.rows.find(setting.key)
        assert item is not None, setting.key
        assert setting.kind == "section" or setting.key in item.toolTip(0)
