"""The configurations of two PyTorch trainers open as current ones; every key is mapped or named as not applicable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.catalog.check import check_config
from trainer.config.document import load_file, load_text
from trainer.config.migrations import migrate
from trainer.config.migrations.words import WORDS

GUIDE: dict[str, Any] = {
    "model": {"architecture": "custom_cnn", "num_classes": 2, "input_size": [224, 224], "pretrained": False},
    "training": {
        "epochs": 10,
        "batch_size": 16,
        "learning_rate": 0.001,
        "weight_decay": 1e-4,
        "optimizer": "adam",
        "scheduler": "step",
        "step_size": 5,
        "gamma": 0.1,
    },
    "data": {"train_ratio": 0.8, "val_ratio": 0.1, "test_ratio": 0.1, "augmentation": True, "normalize": True},
    "class_weighting": {"enabled": True, "strategy": "inverse_frequency"},
    "early_stopping": {"enabled": True, "patience": 5, "min_delta": 0.001},
    "checkpointing": {"save_best": True, "save_last": True, "monitor": "val_accuracy"},
}
PLAN: dict[str, Any] = {
    "epochs": 30,
    "batch_size": 16,
    "learning_rate": 0.01,
    "optimizer": {"type": "sgd", "weight_decay": 0.0005, "momentum": 0.95, "betas": [0.9, 0.999], "nesterov": True},
    "scheduler": {"type": "cosine", "step_size": None, "gamma": 0.1, "warmup_epochs": 3, "min_lr": 1e-5},
    "augmentation": {
        "enabled": True,
        "random_flip": True,
        "random_rotation": 15,
        "random_crop": True,
        "resize_scale": [0.81, 1.0],
        "color_jitter": {"brightness": 0.2, "contrast": 0.3, "saturation": 0.2, "hue": 0.1},
        "random_grayscale": 0.1,
        "gaussian_blur": 0.0,
        "mixup_alpha": 0.2,
        "cutmix_alpha": 1.0,
        "auto_augment": "randaugment",
    },
    "preprocessing": {
        "normalize": True,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "resize_method": "bicubic",
    },
    "validation": {"enabled": True, "val_split": 0.25, "val_interval": 2, "save_best_only": True, "metric": "accuracy"},
    "early_stopping": None,
}
CPU_STRATEGY: dict[str, Any] = {
    "model_architecture": "mobilenet_v3",
    "batch_size": 8,
    "num_workers": 2,
    "epochs": 20,
    "mixed_precision": False,
    "gradient_accumulation_steps": 4,
    "max_train_batches": 50,
    "early_stopping_patience": 3,
}
LARGE_STRATEGY: dict[str, Any] = {
    "model_architecture": "resnet50",
    "epochs": 50,
    "mixed_precision": True,
    "gradient_clipping": True,
    "lr_scheduler": "warmup_cosine",
    "data_augmentation": "heavy",
    "test_time_augmentation": True,
    "ensemble_training": True,
}
AGAINST_OVERFITTING: dict[str, Any] = {
    "dropout_rate": 0.5,
    "weight_decay": 1e-3,
    "early_stopping_patience": 3,
    "learning_rate": 0.0001,
    "label_smoothing": 0.1,
    "mixup_alpha": 0.3,
}
PRESET: dict[str, Any] = {
    "optimizer_type": "adamw",
    "learning_rate": 3e-4,
    "weight_decay": 5e-4,
    "scheduler_type": "cosine",
    "warmup_epochs": 10,
    "use_mixup": True,
    "mixup_alpha": 0.4,
    "dropout_rate": 0.3,
}
FIELDS: dict[str, Any] = {
    "fields": [
        {"name": "optimizer_type", "type": "select", "default": "sgd", "options": ["adam", "sgd"]},
        {"name": "learning_rate", "type": "float", "default": 0.05, "min": 1e-6},
        {"name": "attention_layers", "type": "multiselect", "default": ["layer3", "layer4"]},
    ],
    "presets": {"easy": {"learning_rate": 0.001}, "medium": {"learning_rate": 0.0005}},
}
DOCUMENTS = {
    "guide": GUIDE,
    "plan": PLAN,
    "cpu": CPU_STRATEGY,
    "large": LARGE_STRATEGY,
    "overfitting": AGAINST_OVERFITTING,
    "preset": PRESET,
    "fields": FIELDS,
}


def leaves(values: Any, prefix: str = "") -> dict[str, Any]:
    """Values that are no dictionaries, by dotted key."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{prefix}{name}"
        found |= leaves(value, f"{key}.") if isinstance(value, dict) and value else {key: value}
    return found


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "fields"])
def test_every_key_is_mapped_or_named_and_the_result_is_valid(name: str) -> None:
    loaded = load_text(json.dumps(DOCUMENTS[name]))
    assert loaded.problems == ()
    kept = leaves(loaded.values)
    notes = " ".join(loaded.notes)
    for key, value in leaves(DOCUMENTS[name]).items():
        assert kept.get(key) == value or key in notes or key == "optimizer.nesterov", key


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_comes_out_can_be_trained_once_it_has_pictures(name: str, tmp_path: Path) -> None:
    config = load_text(json.dumps(DOCUMENTS[name])).require()
    problems = [problem.key for problem in check_config(config, tmp_path) if problem.severity == "error"]
    assert problems == ["data.train_dir"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_second_migration_changes_nothing(name: str) -> None:
    first = migrate(DOCUMENTS[name])
    again = migrate(first.values)
    assert (again.values, again.notes) == (first.values, ())


def test_the_guides_json_becomes_what_it_means(tmp_path: Path) -> None:
    path = tmp_path / "balanced_config.json"
    path.write_text(json.dumps(GUIDE, indent=4), encoding="utf-8")
    config = load_file(path).require()
    assert config.model.architecture.name == "SmallCNN"
    assert config.data.image_size == (224, 224)
    assert (config.data.batch_size, config.data.validation_fraction, config.data.normalization) == (16, 0.1, "auto")
    assert config.data.augmentation.horizontal_flip and config.data.augmentation.rotation_degrees == 15
    training = config.training
    assert (training.epochs, training.initial_learning_rate, training.weight_decay) == (10, 0.001, 0.0001)
    assert training.optimizer.name == "Adam"
    assert training.learning_rate_schedule is not None
    assert training.learning_rate_schedule.name == "Step"
    assert training.learning_rate_schedule.arguments == {"every_epochs": 5, "factor": 0.1}
    stopping = training.early_stopping
    assert (stopping.enabled, stopping.patience, stopping.min_delta) == (True, 5, 0.001)
    assert config.checkpoints.monitor == "val_accuracy"


def test_the_plans_fields_become_what_they_mean() -> None:
    config = load_text(json.dumps(PLAN)).require()
    training, data = config.training, config.data
    assert training.optimizer.arguments == {"momentum": 0.95, "nesterov": True}
    assert training.learning_rate_schedule is not None
    assert training.learning_rate_schedule.name == "WarmupCosine"
    assert training.learning_rate_schedule.arguments == {"warmup_epochs": 3, "min_learning_rate": 1e-5}
    assert (training.validate_every_epochs, config.checkpoints.monitor) == (2, "val_accuracy")
    assert (data.normalization, data.interpolation, data.validation_fraction) == ("imagenet", "bicubic", 0.25)
    assert (data.augmentation.rotation_degrees, data.augmentation.zoom_fraction) == (15, 0.1)
    assert [step.name for step in data.augmentation.steps] == [
        "RandomSaturation",
        "RandomHue",
        "RandomGrayscale",
        "MixUp",
        "CutMix",
        "RandAugment",
    ]


@pytest.mark.parametrize(
    ("form", "changes"),
    [
        (CPU_STRATEGY, {"training.gradient_accumulation_steps": 4, "runtime.precision": "float32"}),
        (CPU_STRATEGY, {"training.early_stopping.enabled": True, "training.early_stopping.patience": 3}),
        (LARGE_STRATEGY, {"training.gradient_clipping.enabled": True, "data.augmentation.rotation_degrees": 22.5}),
        (AGAINST_OVERFITTING, {"model.dropout_rate": 0.5, "training.label_smoothing": 0.1}),
        (PRESET, {"training.weight_decay": 5e-4, "training.initial_learning_rate": 3e-4}),
        (FIELDS, {"training.initial_learning_rate": 0.05}),
        ({"epochs": 9, "scheduler": "plateau", "gamma": 0.3}, {"training.reduce_on_plateau.factor": 0.3}),
        ({"epochs": 9, "learning_rate": "1e-4"}, {"training.initial_learning_rate": 1e-4}),
        ({"epochs": 9, "validation": {"enabled": False, "val_split": 0.3}}, {"data.validation_fraction": 0.0}),
        ({"epochs": 9, "checkpointing": {"save_last": False}}, {"checkpoints.last_every_epochs": 0}),
        ({"epochs": 9, "gradient_clipping": 0.5}, {"training.gradient_clipping.limit": 0.5}),
        ({"epochs": 9, "input_size": 96}, {"data.image_size": [96, 96]}),
    ],
)
def test_words_become_settings(form: dict[str, Any], changes: dict[str, Any]) -> None:
    resolved = leaves(load_text(json.dumps(form)).require().to_dict())
    assert {key: resolved[key] for key in changes} == changes


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ({"type": "step", "step_size": 7}, {"name": "Step", "arguments": {"every_epochs": 7}}),
        ({"type": "exponential", "gamma": 0.5}, {"name": "Exponential", "arguments": {"factor": 0.5}}),
        ({"type": "cosine", "warmup_epochs": 0}, {"name": "Cosine"}),
        ({"type": "onecycle", "warmup_epochs": 2}, {"name": "OneCycle", "arguments": {"rise_epochs": 2}}),
        (
            {"type": "warmup_cosine", "min_lr": "1e-6"},
            {"name": "WarmupCosine", "arguments": {"min_learning_rate": 1e-6}},
        ),
    ],
    ids=lambda value: value.get("type", "") if isinstance(value, dict) else "",
)
def test_each_scheduler_has_its_counterpart(scheduler: dict[str, Any], expected: dict[str, Any]) -> None:
    migrated = migrate({"epochs": 12, "scheduler": scheduler})
    assert migrated.values["training"]["learning_rate_schedule"] == expected
    assert "scheduler" not in migrated.values


def test_pixels_scaled_by_other_statistics_become_a_layer() -> None:
    form = {"epochs": 3, "preprocessing": {"normalize": True, "mean": [0.5], "std": [0.2]}}
    data = load_text(json.dumps(form)).require().data
    assert data.normalization == "none"
    (layer,) = data.preprocessing
    assert (layer.name, layer.arguments) == ("Normalization", {"mean": [127.5], "variance": [2601.0]})


def test_fields_without_a_single_meaning_are_named() -> None:
    loaded = load_text(json.dumps(FIELDS))
    assert loaded.problems == ()
    assert any("presets easy and medium do not apply" in note for note in loaded.notes)
    assert any("attention_layers" in note and "does not apply" in note for note in loaded.notes)
    unknown = {"fields": [{"name": "number_of_wings", "default": 2}]}
    assert [problem.key for problem in load_text(json.dumps(unknown)).problems] == ["fields"]


def test_class_weights_become_the_balance_of_the_data() -> None:
    migrated = migrate(GUIDE)
    assert migrated.values["data"]["balance"] == {"method": "class_weights", "weighting": "inverse_frequency"}
    other = migrate(GUIDE | {"class_weighting": {"enabled": False, "strategy": "median"}})
    assert other.values["data"]["balance"] == {"method": "none"}
    assert any(note.startswith("class_weighting.strategy 'median' does not apply") for note in other.notes)


def test_a_share_for_the_test_is_held_out() -> None:
    assert migrate(GUIDE).values["data"]["split"] == {"test_fraction": 0.1}


def test_an_unknown_key_beside_known_ones_stays_an_error_with_its_line() -> None:
    text = "learning_rate: 0.1\nbatch_size: 8\nlerning_rate_decay: 0.5\nearly_stopping:\n  patience: 3\n  patients: 4\n"
    problems = {problem.key: problem for problem in load_text(text).problems}
    assert set(problems) == {"lerning_rate_decay", "training.early_stopping.patients"}
    assert problems["lerning_rate_decay"].line == 3
    assert problems["training.early_stopping.patients"].line == 6
    assert "Did you mean 'patience'?" in problems["training.early_stopping.patients"].message


def test_a_wrong_value_is_named_at_the_line_where_it_stands() -> None:
    (problem,) = load_text("batch_size: 8\n\nlearning_rate: fast\n").problems
    assert (problem.key, problem.line) == ("training.initial_learning_rate", 3)


@pytest.mark.parametrize(
    "text", ["training: {learning_rate: 0.1}", "epochs: 3", "data: {batchsize: 3, epochs: [1]}", "mixup_alpha: 0.2"]
)
def test_a_single_foreign_word_is_a_slip_and_stays_an_error(text: str) -> None:
    loaded = load_text(text)
    assert loaded.notes == () and loaded.problems != ()


@pytest.mark.parametrize("section", ["training", "data", "checkpoints", "runtime"])
def test_a_section_that_is_no_section_is_not_written_over(section: str) -> None:
    values = {section: [1, 2], "epochs": 3, "batch_size": 8, "mixed_precision": True}
    assert migrate(values).values == values


def test_two_keys_for_one_setting_are_not_merged_in_silence() -> None:
    loaded = load_text("epochs: 3\nbatch_size: 4\ntraining: {epochs: 5}\ndata: {batch_size: 8}\n")
    assert [problem.key for problem in loaded.problems] == ["epochs", "batch_size"]


ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["adam", "sgd", "step", "cosine", "plateau", "custom_cnn", "heavy", "1e-4", "none", "accuracy"]),
    st.lists(st.integers(0, 3), max_size=3),
)


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    """Words of the trainers at any of their places, with any value."""
    values: dict[str, Any] = {}
    for word in draw(st.lists(st.sampled_from([*WORDS, "optimizer.eps", "scheduler.patience"]), max_size=12)):
        place = values
        *parents, last = [*draw(st.sampled_from([(), (), ("training",), ("data",)])), *word.split(".")]
        for parent in parents:
            inner = place.get(parent)
            if not isinstance(inner, dict):
                inner = place[parent] = {}
            place = inner
        place[last] = draw(ODD_VALUES)
    return values


@settings(max_examples=300, deadline=None)
@given(forms())
def test_no_key_is_lost_in_silence(values: dict[str, Any]) -> None:
    migrated = migrate(values)
    kept, notes = leaves(migrated.values), " ".join(migrated.notes)
    for key, value in leaves(values).items():
        is_argument = key.endswith(".eps") and "epsilon=" in notes
        assert key in notes or is_argument or (key in kept and kept[key] == value), key
