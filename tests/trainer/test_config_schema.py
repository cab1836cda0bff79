from __future__ import annotations

import typing

import pytest
from pydantic import BaseModel

from trainer.catalog.entry import ComponentKind
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.describe import Setting, all_settings, describe
from trainer.config.document import load_text
from trainer.config.sections import EarlyStoppingSection
from trainer.config.validate import validate
from trainer.config.yaml_editor import lookup
from trainer.errors import ConfigError

ALL = list(all_settings().values())
ROWS = [row for row in ALL if row.kind != "section"]
KNOWN_COMPONENTS = set(typing.get_args(ComponentKind))


def with_value(key: str, value: object) -> dict[str, object]:
    for part in reversed(key.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def is_accepted(row: Setting, value: object) -> bool:
    try:
        config = validate(with_value(row.key, value))
    except ConfigError as error:
        assert all(problem.key.startswith(row.key) for problem in error.problems)
        return False
    assert lookup(config.to_dict(), row.key) == value
    return True


def test_every_setting_has_a_title_and_a_tooltip() -> None:
    lacking = [
        row.key
        for row in ALL
        if not row.title[:1].isupper() or len(row.description) < 20 or not row.description.endswith(".")
    ]
    assert lacking == []


def test_rows_match_the_schema_in_names_and_order() -> None:
    def keys(model: type[BaseModel], prefix: str = "") -> list[str]:
        found: list[str] = []
        for name, info in model.model_fields.items():
            found.append(prefix + name)
            kind = info.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Component:
                found += keys(kind, f"{prefix}{name}.")
        return found

    assert list(all_settings()) == [key for key in keys(Config) if key != "schema_version"]
    assert [section.key for section in describe()] == [name for name in Config.model_fields if name != "schema_version"]


def test_the_default_of_a_row_is_that_of_the_configuration() -> None:
    defaults = Config().to_dict()
    for row in ROWS:
        assert row.default == lookup(defaults, row.key, "missing"), row.key
        assert row.optional == is_accepted(row, None), row.key


def test_a_row_that_depends_on_another_names_a_sibling_that_exists() -> None:
    for row in ROWS:
        if row.visible_when is not None:
            assert f"{row.key.rpartition('.')[0]}.{row.visible_when[0]}" in all_settings()


def test_rows_for_components_name_a_known_kind() -> None:
    kinds = {row.component for row in ROWS if row.kind in ("component", "components")}
    assert kinds == KNOWN_COMPONENTS
    assert not any(row.component for row in ROWS if row.kind not in ("component", "components"))


def test_paths_have_a_picker() -> None:
    paths = {row.key for row in ROWS if row.name.endswith("_dir")} | {"model.initial_weights"}
    assert paths == {row.key for row in ROWS if row.picker}


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind in ("int", "float")], ids=lambda row: row.key)
def test_values_on_a_bound_are_accepted_and_beyond_it_refused(row: Setting) -> None:
    step = 1 if row.kind == "int" else 1e-6
    assert row.minimum is not None, "a number without a lower bound"
    assert is_accepted(row, row.minimum) == (not row.exclusive_minimum)
    assert not is_accepted(row, row.minimum - step)
    if row.maximum is not None:
        assert is_accepted(row, row.maximum) == (not row.exclusive_maximum)
        assert not is_accepted(row, row.maximum + step)


@pytest.mark.parametrize("value", [True, "ten", [1], float("nan"), float("inf")], ids=repr)
def test_a_number_is_not_anything_else(value: object) -> None:
    numbers = [row for row in ROWS if row.kind in ("int", "float", "size")]
    accepted = [row.key for row in numbers if is_accepted(row, [value, value] if row.kind == "size" else value)]
    assert accepted == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "choice"], ids=lambda row: row.key)
def test_a_choice_takes_its_choices_only(row: Setting) -> None:
    assert row.default in row.choices
    assert all(is_accepted(row, choice) for choice in row.choices)
    assert not is_accepted(row, f"{row.choices[0]}x")


def test_a_refusal_says_what_was_received_and_expected() -> None:
    for row in ROWS:
        if row.kind in ("int", "float", "choice", "size", "bool"):
            with pytest.raises(ConfigError) as refused:
                validate(with_value(row.key, "nonsense"))
            (problem,) = refused.value.problems
            assert problem.key == row.key
            assert problem.message == f"Expected {row.expectation()}, received 'nonsense'."


def test_bounds_are_said_in_words() -> None:
    rows = all_settings()
    assert rows["training.epochs"].range_text() == " from 1 to 1,000,000"
    assert rows["model.dropout_rate"].range_text() == " of at least 0 and below 1"
    assert rows["training.initial_learning_rate"].range_text() == " above 0 and at most 100"
    assert rows["training.early_stopping.patience"].range_text() == " of at least 0"
    assert rows["data.train_dir"].range_text() == ""


@pytest.mark.parametrize(
    ("text", "key", "suggested"),
    [
        ("trainning: {}", "trainning", "training"),
        ("training: {epoch: 3}", "training.epoch", "epochs"),
        ("training: {Epochs: 3}", "training.Epochs", "epochs"),
        ("training: {early_stopping: {pacience: 3}}", "training.early_stopping.pacience", "patience"),
        ("training: {optimizer: {nme: Adam}}", "training.optimizer.nme", "name"),
        ("training: {metrics: [{name: AUC, argments: {}}]}", "training.metrics.0.argments", "arguments"),
        ("data: {batchsize: 3}", "data.batchsize", "batch_size"),
    ],
)
def test_an_unknown_key_suggests_the_nearest_one(text: str, key: str, suggested: str) -> None:
    (problem,) = load_text(text).problems
    assert problem.key == key
    assert problem.message == f"There is no such setting. Did you mean '{suggested}'?"


def test_an_unknown_key_without_a_likeness_suggests_nothing() -> None:
    (problem,) = load_text("zzzzz: 1").problems
    assert problem.message == "There is no such setting."


def test_every_problem_of_a_file_is_told_with_its_line() -> None:
    problems = load_text("data:\n  batch_size: 0\nmodel:\n  dropout_rate: 2\ntraining:\n\n  epochs: many\n").problems
    assert [(problem.key, problem.line) for problem in problems] == [
        ("data.batch_size", 2),
        ("model.dropout_rate", 4),
        ("training.epochs", 7),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: {image_size: [64, 0]}", "Expected height and width in pixels from 1 to 8,192"),
        ("data: {image_size: [64, true]}", "Expected height and width in pixels from 1 to 8,192"),
        ("data: [1, 2]", "Expected settings as 'key: value' lines, received [1, 2]."),
        (
            "training: {optimizer: 5}",
            "Expected the name of a known optimizer, or its 'name' and 'arguments', received 5.",
        ),
        ("training: {optimizer: {}}", "Give the name of what to use."),
        ("training: {metrics: Accuracy}", "Expected a list, received 'Accuracy'."),
        ("project: {name: ''}", "Expected a text that is not empty, received ''."),
        ("project: {name: 5}", "Expected a text that is not empty, received 5."),
        ("schema_version: 99", "Update ModelGardener to open it."),
    ],
)
def test_a_wrong_value_is_explained(text: str, message: str) -> None:
    (problem,) = load_text(text).problems
    assert message in problem.message


def test_a_wrong_value_deep_in_arguments_is_named_by_the_key_a_person_wrote() -> None:
    text = "training: {optimizer: {name: A, arguments: {x: [1, .nan], y: {z: .inf}}}}"
    assert [problem.key for problem in load_text(text).problems] == [
        "training.optimizer.arguments.x.1",
        "training.optimizer.arguments.y.z",
    ]


def test_a_long_received_value_is_cut() -> None:
    (problem,) = load_text(f"training: {{epochs: {'x' * 500}}}").problems
    assert len(problem.message) < 150


@pytest.mark.parametrize("text", ["data:\ntraining:\n", "data:\n  augmentation:\n", "", "# nothing\n"])
def test_a_section_without_content_has_its_defaults(text: str) -> None:
    assert load_text(text).require() == Config()


def test_a_component_may_be_a_bare_name_and_its_arguments_empty() -> None:
    config = load_text("training: {optimizer: SGD, loss: {name: Focal, arguments: }}").require()
    assert config.training.optimizer == Component(name="SGD")
    assert config.training.loss == Component(name="Focal")


def test_a_configuration_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().training.early_stopping.patience = 3  # type: ignore[misc]
    assert EarlyStoppingSection().patience == 10


def test_changes_are_only_what_differs_from_the_defaults() -> None:
    assert Config().to_changes() == {}
    values = {"training": {"epochs": 3, "early_stopping": {"patience": 4}, "stop_on_nan": True}}
    assert validate(values).to_changes() == {"training": {"epochs": 3, "early_stopping": {"patience": 4}}}


def test_every_problem_is_one_line_of_a_config_error() -> None:
    with pytest.raises(ConfigError) as refused:
        load_text("data: {batch_size: 0, shuffle: maybe}").require()
    assert str(refused.value).splitlines() == refused.value.lines()
    assert len(refused.value.lines()) == 2
