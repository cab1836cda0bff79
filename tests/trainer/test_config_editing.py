from __future__ import annotations

import difflib
import json
from typing import Any

import pytest

from trainer.config.config import Config
from trainer.config.document import load_text
from trainer.config.yaml_editor import REMOVE, dump_yaml, edit_yaml, lookup
from trainer.config.yaml_reader import parse_yaml
from trainer.errors import ConfigError

PLAIN = """\
# My cats.

project:
  name: "cats"   # in quotes
data:            # where
  train_dir: 'a b'
  # how many at once
  batch_size: 32


  image_size: [64, 64]   # px
training:
  epochs: 5
  initial_learning_rate: 1e-3
# the end
"""
FOUR_SPACES = """\
data:
    batch_size: 8
    augmentation:
        rotation_degrees: 5
training:
    epochs: 5
    metrics:
    -   name: Accuracy
    -   name: AUC
        arguments:
            curve: PR
"""
INDENTED_LIST = """\
training:
  epochs: 5
  metrics:
    # first
    - Accuracy   # good
    - {name: AUC, arguments: {curve: PR}}   # better
  # about stopping
  stop_on_nan: true
"""
ODD = """\
---
"project":
  'name': yes
data: {batch_size: 32,
       image_size: [64,
                    64], # comment inside
       train_dir: "x: y"}
training :
  epochs:     5\t# tab before
  initial_learning_rate:   +1.50
  early_stopping: { enabled: TRUE }
  loss: ~
  metrics:
output:
  runs_dir: >-
    folded
    text
...
"""
JSON = '{\n\t"project": {"name": "x"},\n\t"training": {\n\t\t"epochs": 5\n\t}\n}\n'
TEXTS = {
    "plain": PLAIN,
    "four spaces": FOUR_SPACES,
    "indented list": INDENTED_LIST,
    "odd": ODD,
    "no newline at the end": "training:\n  epochs: 5",
    "Windows": PLAIN.replace("\n", "\r\n"),
    "one space": "training:\n epochs: 5\n early_stopping:\n  patience: 3\n",
    "mixed indentation": "data:\n    batch_size: 3\ntraining:\n  epochs: 5\n  early_stopping:\n        patience: 3\n",
    "long lines": f"project:\n  name: {'word ' * 60}\ntraining:\n  epochs: 5  # {'x' * 300}\n",
    "numbers": "training:\n  initial_learning_rate: 1E-4\n  epochs: 1_000\nruntime: {seed: 0x10}\n",
    "nearly other types": "project: {name: on}\ndata:\n  train_dir: 2020-01-01 10:20:30.5\ntraining:\n  epochs: 5\n",
    "anchor": "data:\n  train_dir: &d pictures\n  val_dir: *d\ntraining:\n  epochs: 5\n",
    "other letters": "project:\n  name: Füße 猫 😀\ntraining:\n  epochs: 5\n",
    "JSON": JSON,
}


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("name", TEXTS)
def test_without_a_change_every_byte_stays(name: str) -> None:
    text = TEXTS[name]
    assert edit_yaml(text, {}) == text
    assert edit_yaml(text, {"training.epochs": lookup(parse_yaml(text).values, "training.epochs")}) == text
    assert edit_yaml(text, {"training.reduce_on_plateau": REMOVE, "checkpoints.monitor": REMOVE}) == text


@pytest.mark.parametrize("name", TEXTS)
def test_another_value_changes_its_own_line_only(name: str) -> None:
    text = TEXTS[name]
    edited = edit_yaml(text, {"training.epochs": 77})
    removed, added = changed_lines(text, edited)
    assert added[2:] == removed[2:].replace("1_000", "5").replace("5", "77", 1)
    expected = parse_yaml(text).values
    expected["training"]["epochs"] = 77
    assert parse_yaml(edited).values == expected


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "JSON"])
def test_a_new_key_adds_its_own_line_only(name: str) -> None:
    text = TEXTS[name]
    edited = edit_yaml(text, {"training.callbacks": ["TerminateOnNaN"]})
    (added,) = changed_lines(text.rstrip("\r\n") + "\n", edited.rstrip("\r\n") + "\n")
    assert added[2:].strip() == "callbacks: [TerminateOnNaN]"
    expected = parse_yaml(text).values
    expected["training"]["callbacks"] = ["TerminateOnNaN"]
    assert parse_yaml(edited).values == expected


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "JSON"])
def test_a_removed_key_takes_its_own_lines_only(name: str) -> None:
    text = TEXTS[name]
    edited = edit_yaml(text, {"training.epochs": REMOVE})
    assert all(line.startswith("- ") for line in changed_lines(text, edited))
    expected = parse_yaml(text).values
    del expected["training"]["epochs"]
    if not expected["training"]:
        del expected["training"]
    assert parse_yaml(edited).values == expected


def test_a_comment_stays_with_the_key_it_is_about() -> None:
    edited = edit_yaml(PLAIN, {"data.validation_fraction": 0.1, "training.epochs": REMOVE})
    assert "  train_dir: 'a b'\n  validation_fraction: 0.1\n  # how many at once\n  batch_size: 32\n" in edited
    assert "training:\n  initial_learning_rate: 1e-3\n# the end\n" in edited


def test_new_keys_stand_where_the_schema_has_them() -> None:
    text = "training:\n  epochs: 5\n"
    edited = edit_yaml(
        text, {"output.tensorboard": False, "project.name": "x", "training.loss": "Focal", "data.train_dir": "t"}
    )
    assert edited == (
        "project:\n  name: x\ndata:\n  train_dir: t\n"
        "training:\n  epochs: 5\n  loss: Focal\noutput:\n  tensorboard: false\n"
    )


def test_keys_in_an_order_of_ones_own_keep_it() -> None:
    text = "training:\n  stop_on_nan: true\n  epochs: 5\nproject:\n  name: x\n"
    edited = edit_yaml(text, {"training.epochs": 6, "data.batch_size": 3})
    assert edited == "training:\n  stop_on_nan: true\n  epochs: 6\nproject:\n  name: x\ndata:\n  batch_size: 3\n"


def test_a_new_section_is_indented_as_the_file_is() -> None:
    edited = edit_yaml(FOUR_SPACES, {"training.early_stopping.patience": 3})
    assert edited == FOUR_SPACES + "    early_stopping:\n        patience: 3\n"


def test_a_section_that_becomes_empty_goes() -> None:
    text = "# top\ndata:\n  augmentation:\n    rotation_degrees: 5\ntraining:\n  epochs: 5\n"
    edited = edit_yaml(text, {"data.augmentation.rotation_degrees": REMOVE})
    assert edited == "# top\ntraining:\n  epochs: 5\n"
    assert load_text(edit_yaml(edited, {"training.epochs": REMOVE})).require() == Config()


def test_settings_in_a_text_of_comments_only_come_below_them() -> None:
    edited = edit_yaml("# My file\n\n", {"training.epochs": 3, "project.name": "x"})
    assert edited == "# My file\n\nproject:\n  name: x\ntraining:\n  epochs: 3\n"


def test_line_ends_of_windows_stay_in_what_is_added() -> None:
    text = TEXTS["Windows"]
    edited = edit_yaml(text, {"checkpoints.monitor": "loss", "training.stop_on_nan": False})
    assert edited.count("\r\n") == edited.count("\n") == text.count("\n") + 3
    assert edit_yaml("# c\r\n", {"training.epochs": 3}) == "# c\r\ntraining:\r\n  epochs: 3\r\n"


def test_json_stays_json() -> None:
    edited = edit_yaml(
        JSON, {"project.name": "on", "training.early_stopping.patience": 3, "training.loss": None, "data.shuffle": True}
    )
    assert json.loads(edited) == {
        "project": {"name": "on"},
        "data": {"shuffle": True},
        "training": {"epochs": 5, "loss": None, "early_stopping": {"patience": 3}},
    }


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        (
            "training: {optimizer: SGD}  # mine\n",
            {"training.optimizer.arguments.momentum": 0.9},
            {"name": "SGD", "arguments": {"momentum": 0.9}},
        ),
        (
            "training:\n  optimizer: {name: SGD, arguments: {momentum: 0.9}}  # mine\n",
            {"training.optimizer.arguments.nesterov": True},
            {"name": "SGD", "arguments": {"momentum": 0.9, "nesterov": True}},
        ),
        (
            "training:\n  optimizer:  # mine\n    name: SGD\n    arguments:\n      momentum: 0.9\n",
            {"training.optimizer.arguments.momentum": REMOVE, "training.optimizer.name": "Adam"},
            {"name": "Adam"},
        ),
        (
            "training:\n  optimizer:  # mine\n    name: SGD\n    arguments:\n      momentum: 0.9\n",
            {"training.optimizer": {"name": "AdamW", "arguments": {"weight_decay": 0.1}}},
            {"name": "AdamW", "arguments": {"weight_decay": 0.1}},
        ),
    ],
    ids=["bare name", "braces", "lines", "replaced as a whole"],
)
def test_components_and_their_arguments_can_be_edited(text: str, changes: dict[str, Any], expected: object) -> None:
    edited = edit_yaml(text, changes)
    assert parse_yaml(edited).values == {"training": {"optimizer": expected}}
    assert "# mine" in edited


def test_one_of_several_components_can_be_edited_and_removed() -> None:
    edited = edit_yaml(INDENTED_LIST, {"training.metrics.1.arguments.curve": "ROC"})
    assert edited == INDENTED_LIST.replace("PR", "ROC")
    edited = edit_yaml(INDENTED_LIST, {"training.metrics.0": REMOVE})
    assert parse_yaml(edited).values["training"]["metrics"] == [{"name": "AUC", "arguments": {"curve": "PR"}}]
    assert "# better" in edited and "# about stopping" in edited


def test_a_value_that_others_refer_to_changes_for_itself_only() -> None:
    edited = edit_yaml(TEXTS["anchor"], {"data.val_dir": "other"})
    assert parse_yaml(edited).values["data"] == {"train_dir": "pictures", "val_dir": "other"}


def test_a_text_that_an_edit_would_change_elsewhere_is_refused() -> None:
    # Taking an item of a list away rewrites the text, and whoever wrote YAML 1.1 may have meant `on` as true.
    text = "%YAML 1.1\n---\nproject: {name: on}\ntraining:\n  metrics:\n  - Accuracy\n  - AUC\n"
    with pytest.raises(ConfigError, match=r"training.metrics.0 cannot be set without changing other lines"):
        edit_yaml(text, {"training.metrics.0": REMOVE})
    assert edit_yaml(text, {"training.metrics.0": "F1Score"}) == text.replace("Accuracy", "F1Score")


def test_a_text_that_is_no_yaml_cannot_be_edited() -> None:
    with pytest.raises(ConfigError, match="Not valid YAML"):
        edit_yaml("data: {", {"training.epochs": 3})


DIFFICULT_TEXTS = [
    "on",
    "12:30",
    "1e5",
    "null",
    "~",
    "",
    " x ",
    "a: b",
    "a # b",
    "'",
    '"',
    ":x",
    "?x",
    "- a",
    "@",
    "*a",
]
DIFFICULT_TEXTS += ["x\ny", "\u2028", "\x85", "\ufeff", "\x07", "<<", "=", "010", "0x1", "C:\\new", "😀", "{a}", "[a"]
DIFFICULT_TEXTS += ["%a", "---", "..."]


@pytest.mark.parametrize("value", DIFFICULT_TEXTS)
def test_every_text_comes_back_as_it_was(value: str) -> None:
    values = {
        "project": {"name": value},
        "training": {"loss": {"name": "L", "arguments": {value: [value, {value: value}]}}},
    }
    assert parse_yaml(dump_yaml(values)).values == values
    for text in (PLAIN, ODD, JSON):
        assert parse_yaml(edit_yaml(text, {"project.name": value})).values["project"]["name"] == value


def test_a_written_configuration_is_easy_to_read() -> None:
    values = {
        "data": {"image_size": [32, 32], "augmentation": {"horizontal_flip": True}},
        "training": {"optimizer": {"name": "SGD", "arguments": {"momentum": 0.9}}, "callbacks": [], "loss": None},
    }
    assert dump_yaml(values) == (
        "data:\n  image_size: [32, 32]\n  augmentation:\n    horizontal_flip: true\n"
        "training:\n  optimizer: {name: SGD, arguments: {momentum: 0.9}}\n  callbacks: []\n  loss: null\n"
    )
