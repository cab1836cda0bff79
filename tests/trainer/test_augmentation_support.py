from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.augmentation_support import data_step_problems
from trainer.catalog.catalog import catalog
from trainer.catalog.functions import read_functions
from trainer.config.config import Config


def problems(task: str, **data: Any) -> dict[str, str]:
    config = Config.model_validate({"project": {"task": task}, "data": data})
    return {problem.key: problem.message for problem in data_step_problems(config)}


@pytest.mark.parametrize("name", ["RandomFlip", "MixUp", "RandAugment", "RandomAffine", "ElasticDeformation"])
def test_every_step_has_a_probability(name: str) -> None:
    entry = catalog().find("augmentation", name)
    assert entry is not None
    probability = entry.argument("probability")
    assert probability is not None
    assert (probability.default, probability.minimum, probability.maximum) == (1, 0, 1)


def test_a_functions_own_probability_is_left_to_it(tmp_path: Path) -> None:
    file = tmp_path / "steps.py"
    file.write_text("def own(image, probability=0.3, seed=None): ...\ndef other(image, seed=None): ...\n")
    own, other = read_functions(file, "augmentation")
    assert [argument.default for argument in own.arguments] == [0.3]
    assert [(argument.name, argument.default) for argument in other.arguments] == [("probability", 1)]
    assert not any(argument.name == "probability" for argument in read_functions(file, "preprocessing")[1].arguments)


@pytest.mark.parametrize(
    ("task", "name", "told"),
    [
        ("object_detection", "RandomShear", "Choose RandomAffine"),
        ("object_detection", "RandAugment", "Choose RandomAffine"),
        ("object_detection", "MixUp", "image classification only"),
        ("image_segmentation", "CutMix", "image classification only"),
        ("image_segmentation", "cut_mix", "image classification only"),
        ("image_segmentation", "RandomElasticTransform", "Choose ElasticDeformation"),
        ("image_segmentation", "AugMix", "which no mask fits"),
    ],
)
def test_steps_that_would_leave_masks_or_boxes_behind_are_refused(task: str, name: str, told: str) -> None:
    found = problems(task, augmentation={"steps": ["RandomFlip", name]})
    assert list(found) == ["data.augmentation.steps.1"]
    assert told in found["data.augmentation.steps.1"]
    assert not problems("image_classification", augmentation={"steps": [name]})


@pytest.mark.parametrize(
    ("color_mode", "name", "arguments", "told"),
    [
        ("grayscale", "RandomHue", {"factor": 0.2}, "rgb pictures only, received grayscale"),
        ("rgba", "RandomSaturation", {"factor": 0.2}, "rgb pictures only, received rgba"),
        ("grayscale", "RandomColorJitter", {"hue_factor": 0.2}, "rgb pictures only, received grayscale"),
        ("grayscale", "RandomColorJitter", {"brightness_factor": 0.2}, ""),
        ("grayscale", "RandAugment", {}, ""),
        ("rgba", "RandAugment", {}, "no pictures with opacity"),
        ("rgba", "AugMix", {}, "no pictures with opacity"),
        ("rgba", "AugMix", {"all_ops": False}, ""),
        ("rgb", "RandomHue", {"factor": 0.2}, ""),
    ],
)
def test_steps_that_change_colours_are_refused_where_there_are_none(
    color_mode: str, name: str, arguments: dict[str, Any], told: str
) -> None:
    steps = {"steps": [{"name": name, "arguments": arguments}]}
    found = problems("image_classification", color_mode=color_mode, augmentation=steps)
    assert list(found) == (["data.augmentation.steps.0"] if told else [])
    assert told in found.get("data.augmentation.steps.0", "")
    loader = {"file": "loaders.py", "name": "mine"}
    assert not problems("image_classification", color_mode=color_mode, augmentation=steps, loader=loader)


@pytest.mark.parametrize("task", ["image_segmentation", "object_detection"])
def test_preprocessing_that_leaves_masks_and_boxes_in_another_size_is_refused(task: str) -> None:
    step = {"name": "Resizing", "arguments": {"height": 8, "width": 8}}
    assert "Set data.image_size" in problems(task, preprocessing=["Rescaling", step])["data.preprocessing.1"]
    assert not problems("image_classification", preprocessing=[step])


@pytest.mark.parametrize(
    ("task", "method", "is_refused"),
    [
        ("object_detection", "class_weights", True),
        ("image_segmentation", "oversample", True),
        ("image_segmentation", "class_weights", False),
        ("tabular_regression", "oversample", True),
        ("tabular_classification", "variations", True),
        ("tabular_classification", "oversample", False),
        ("image_classification", "variations", False),
    ],
)
def test_balancing_without_classes_is_refused(task: str, method: str, is_refused: bool) -> None:
    assert ("data.balance.method" in problems(task, balance={"method": method})) == is_refused


def test_the_batches_of_an_own_loader_are_not_balanced() -> None:
    loader = {"file": "loaders.py", "name": "mine"}
    found = problems("image_classification", loader=loader, balance={"method": "oversample"})
    assert "Balance there" in found["data.balance.method"]
    assert not problems("image_classification", loader=loader)
