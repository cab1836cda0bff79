"""The forms printed in the documents of the enhanced training system open as current configurations."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.document import load_text, resolved_yaml
from trainer.config.migrations import migrate

DATA_FORM = """
config = {
    'data': {
        'train_dir': '/pictures/train',
        'val_dir': '/pictures/val',
        'batch_size': 32,
        'image_size': [224, 224],
        'data_loader': {
            'selected_data_loader': 'ImageDataLoader'  # or one of your own
        }
    }
}
"""
MODEL_FORM = """
# Built-in models
config = {
    'model': {
        'model_name': 'ResNet-50',
        'model_parameters': {
            'dropout_rate': 0.3
        }
    }
}
"""
CUSTOM_MODEL_FORM = """
# Custom models
config = {
    'model': {
        'model_parameters': {
            'custom_model_file_path': '/functions/models.py',
            'kwargs': '{"dropout_rate": 0.3, "activation": "swish"}'
        }
    }
}
"""
TRAINING_FORM = """
config = {
    'training': {
        'epochs': 100,
        'initial_learning_rate': 0.002,
        'training_loop': {
            'selected_strategy': 'Standard Training'  # or one of your own
        }
    }
}
"""
FORMS = {
    "data": (
        DATA_FORM,
        {"data": {"train_dir": "/pictures/train", "val_dir": "/pictures/val", "image_size": [224, 224]}},
        ["data.data_loader.selected_data_loader 'ImageDataLoader' became data.loader."],
    ),
    "model": (
        MODEL_FORM,
        {
            "model": {
                "architecture": {"name": "ResNet50", "file": None, "arguments": {}},
                "dropout_rate": 0.3,
            }
        },
        [
            "model.model_name 'ResNet-50' became model.architecture 'ResNet50'.",
            "model.model_parameters.dropout_rate became model.dropout_rate.",
        ],
    ),
    "custom model": (
        CUSTOM_MODEL_FORM,
        {
            "model": {
                "architecture": {
                    "name": "",
                    "file": "/functions/models.py",
                    "arguments": {"dropout_rate": 0.3, "activation": "swish"},
                }
            }
        },
        ["model.model_parameters.custom_model_file_path became model.architecture.file."],
    ),
    "training": (
        TRAINING_FORM,
        {"training": {"epochs": 100, "initial_learning_rate": 0.002}},
        ["training.training_loop 'Standard Training' is what happens by itself; the key was dropped."],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_printed_form_opens_as_a_valid_configuration_and_says_what_it_did(name: str) -> None:
    text, changes, notes = FORMS[name]
    loaded = load_text(text)
    assert loaded.problems == ()
    assert loaded.require().to_changes() == changes
    assert list(loaded.notes) == notes


def test_the_printed_forms_together_are_one_configuration() -> None:
    text = "config = {" + "".join(
        form.partition("{")[2].rpartition("}")[0].rstrip() + ",\n" for form in (DATA_FORM, MODEL_FORM, TRAINING_FORM)
    )
    config = load_text(text + "}").require()
    assert config.data.image_size == (224, 224)
    assert config.model.architecture.name == "ResNet50"
    assert config.training.epochs == 100


@pytest.mark.parametrize("name", FORMS)
def test_a_second_migration_changes_nothing(name: str) -> None:
    first = load_text(FORMS[name][0])
    again = migrate(first.values)
    assert (again.values, again.notes) == (first.values, ())


@pytest.mark.parametrize(
    "values",
    [
        {},
        Config().to_dict(),
        {"schema_version": 1, "training": {"epochs": 3}},
        {"data": None, "training": [1], "model": "text", "unknown": {"data_loader": {}}},
        {"data": {"data_loader": 5}, "model": {"model_parameters": 5}, "training": {"training_loop": "mine"}},
    ],
    ids=["empty", "default", "current", "odd", "nearly foreign"],
)
def test_what_is_not_foreign_stays_as_it_is(values: dict[str, Any]) -> None:
    before = copy.deepcopy(values)
    migrated = migrate(values)
    assert migrated.values == before
    assert values == before
    assert migrated.notes == ()


def test_a_migration_leaves_the_given_values_alone() -> None:
    values = {"data": {"data_loader": {"selected_data_loader": "ImageDataLoader"}}}
    before = copy.deepcopy(values)
    migrate(values)
    assert values == before


def test_a_custom_loader_keeps_its_file_and_arguments() -> None:
    form = {
        "selected_data_loader": "Custom_MyLoader",
        "custom_data_loader_file_path": "/functions/loaders.py",
        "cache": True,
        "kwargs": '{"depth": 2}',
    }
    migrated = migrate({"data": {"data_loader": form}}).values
    assert Component(**migrated["data"]["loader"]) == Component(
        name="MyLoader", file="/functions/loaders.py", arguments={"cache": True, "depth": 2}
    )


def test_arguments_that_are_no_json_are_kept_for_the_person_to_see() -> None:
    form = {"custom_model_file_path": "m.py", "kwargs": "{broken"}
    migrated = migrate({"model": {"model_parameters": form}}).values
    assert migrated["model"]["architecture"] == {"file": "m.py", "arguments": {"kwargs": "{broken"}}


def test_a_custom_training_loop_keeps_its_file_and_arguments() -> None:
    form = {
        "selected_strategy": "Custom_MyLoop",
        "custom_training_loop_file_path": "/functions/loops.py",
        "kwargs": '{"penalty": 0.1}',
    }
    migrated = migrate({"training": {"training_loop": form}})
    assert Component(**migrated.values["training"]["training_loop"]) == Component(
        name="MyLoop", file="/functions/loops.py", arguments={"penalty": 0.1}
    )
    assert migrated.notes == (
        "training.training_loop.selected_strategy 'Custom_MyLoop' became training.training_loop.",
    )


def test_a_resolved_configuration_opens_without_notes(tmp_path: Path) -> None:
    config = load_text(MODEL_FORM).require()
    loaded = load_text(resolved_yaml(config))
    assert loaded.require() == config
    assert loaded.notes == ()
