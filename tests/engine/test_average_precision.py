from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.engine.models.detection.average_precision import AveragePrecision, BoxFigures
from trainer.engine.training.detection_figures import named_figures

Boxes = NDArray[np.float32]
Labels = NDArray[np.int32]
NOTHING = (np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.float32))


def boxes_of(*corners: tuple[float, float, float, float]) -> Boxes:
    return np.array(corners, np.float32).reshape(-1, 4)


def labels_of(*labels: int) -> Labels:
    return np.array(labels, np.int32)


def sure(*confidences: float) -> NDArray[np.float32]:
    return np.array(confidences, np.float32)


def random_picture(random: np.random.Generator, num_classes: int) -> tuple[Boxes, Labels, Boxes, Labels, Boxes]:
    """True boxes, and found ones that are near them, elsewhere, or of another class."""
    start = random.uniform(0, 80, (int(random.integers(0, 7)), 2))
    true = np.concatenate([start, start + random.uniform(5, 40, start.shape)], axis=1)
    labels = random.integers(0, num_classes, len(true))
    near = true + random.normal(0, 3, true.shape)
    start = random.uniform(0, 80, (int(random.integers(0, 4)), 2))
    elsewhere = np.concatenate([start, start + random.uniform(5, 40, start.shape)], axis=1)
    found = np.concatenate([near, elsewhere])
    found_labels = np.concatenate([labels, random.integers(0, num_classes, len(elsewhere))])
    wrong = random.uniform(size=len(found)) < 0.2
    found_labels = np.where(wrong, (found_labels + 1) % num_classes, found_labels)
    scores = random.permutation(len(found)) / 17 + random.uniform(0, 0.02, len(found))
    return (
        true.astype(np.float32),
        labels.astype(np.int32),
        found.astype(np.float32),
        found_labels.astype(np.int32),
        scores.astype(np.float32),
    )


def by_pycocotools(pictures: list[tuple[Boxes, Labels, Boxes, Labels, Boxes]], num_classes: int, folder: Path) -> Boxes:
    """The twelve figures as pycocotools gives them for files written as its documentation says."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth, found = [], []
    for number, (boxes, labels, found_boxes, found_labels, scores) in enumerate(pictures):
        for box, label in zip(boxes.tolist(), labels.tolist(), strict=True):
            width, height = box[2] - box[0], box[3] - box[1]
            entry = {
                "image_id": number,
                "category_id": label,
                "bbox": [*box[:2], width, height],
                "area": width * height,
            }
            truth.append({**entry, "iscrowd": 0, "id": len(truth) + 1})
        for box, label, score in zip(found_boxes.tolist(), found_labels.tolist(), scores.tolist(), strict=True):
            entry = {"image_id": number, "category_id": label, "bbox": [*box[:2], box[2] - box[0], box[3] - box[1]]}
            found.append({**entry, "score": score})
    images = [{"id": number} for number in range(len(pictures))]
    categories = [{"id": number, "name": str(number)} for number in range(num_classes)]
    path, results = folder / "truth.json", folder / "found.json"
    path.write_text(json.dumps({"images": images, "categories": categories, "annotations": truth}))
    results.write_text(json.dumps(found))
    with contextlib.redirect_stdout(io.StringIO()):
        truth_set = COCO(str(path))
        evaluation = COCOeval(truth_set, truth_set.loadRes(str(results)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.asarray(evaluation.stats, np.float32)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_figures_are_those_of_pycocotools(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    pictures = [random_picture(random, 3) for _ in range(12)]
    precision = AveragePrecision(3)
    for picture in pictures:
        precision.add(*picture)
    stats = by_pycocotools(pictures, 3, tmp_path)
    figures = precision.figures()
    assert 0.05 < figures.map < 0.95
    assert (figures.map, figures.map50) == (pytest.approx(stats[0], abs=1e-6), pytest.approx(stats[1], abs=1e-6))
    assert np.mean(list(figures.of_class.values())) == pytest.approx(figures.map)


def test_a_box_counts_as_found_up_to_the_overlap_that_it_reaches() -> None:
    precision = AveragePrecision(1)
    # Overlaps by 62 %: found at 0.50, 0.55 and 0.60, missed at the seven stricter ones.
    precision.add(boxes_of((0, 0, 100, 10)), labels_of(0), boxes_of((0, 0, 62, 10)), labels_of(0), sure(0.3))
    figures = precision.figures()
    assert (figures.map50, figures.map) == (pytest.approx(1.0), pytest.approx(0.3))


def test_padding_is_neither_an_object_nor_a_find() -> None:
    plain, padded = AveragePrecision(2), AveragePrecision(2)
    true, found = boxes_of((0, 0, 10, 10), (20, 20, 40, 40)), boxes_of((1, 0, 10, 10), (50, 50, 60, 60))
    plain.add(true, labels_of(0, 1), found, labels_of(0, 0), sure(0.9, 0.95))
    none = boxes_of((-1, -1, -1, -1))
    padded.add(
        np.concatenate([true, none]),
        labels_of(0, 1, -1),
        np.concatenate([found, none]),
        labels_of(0, 0, -1),
        sure(0.9, 0.95, 0.0),
    )
    assert padded.figures() == plain.figures()
    assert plain.figures().of_class[1] == 0


def test_nothing_found_is_zero() -> None:
    precision = AveragePrecision(2)
    precision.add(boxes_of((0, 0, 10, 10)), labels_of(1), *NOTHING)
    assert precision.figures() == BoxFigures(0.0, 0.0, {1: 0.0})


def test_a_class_without_objects_is_left_out_of_the_mean() -> None:
    precision = AveragePrecision(3)
    box = boxes_of((0, 0, 10, 10))
    precision.add(box, labels_of(2), np.concatenate([box, box]), labels_of(2, 0), sure(0.5, 0.9))
    figures = precision.figures()
    assert list(figures.of_class) == [2]
    assert (figures.map50, figures.map) == (pytest.approx(1.0), pytest.approx(1.0))


def test_pictures_without_any_object_give_zero() -> None:
    precision = AveragePrecision(1)
    precision.add(*NOTHING[:2], boxes_of((0, 0, 10, 10)), labels_of(0), sure(0.9))
    assert precision.figures() == BoxFigures(0.0, 0.0)


def test_many_classes_have_no_figures_of_their_own() -> None:
    figures = BoxFigures(0.5, 0.75, {0: 0.5})
    assert named_figures(figures, [f"class {number}" for number in range(21)]) == {"map50": 0.75, "map": 0.5}
    assert named_figures(figures, ["a cat", "a dog"]) == {"map50": 0.75, "map": 0.5, "ap_a_cat": 0.5}
