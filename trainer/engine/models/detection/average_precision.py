"""How well boxes were found: average precision as COCO defines it, computed by pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BoxFigures:
    """Average precision, 0 to 1. Classes of which there is no object are left out of all figures.

    Attributes:
        map: Mean over the classes and over the overlaps 0.50, 0.55, … 0.95 from which a box counts as found.
        map50: The same at an overlap of 0.50 alone.
        of_class: By class number, the mean over these overlaps.
    """

    map: float
    map50: float
    of_class: dict[int, float] = field(default_factory=dict)


class AveragePrecision:
    """Gathers true and found boxes, picture by picture.

    Args:
        num_classes: Number of classes.
    """

    def __init__(self, num_classes: int) -> None:
        self._num_classes = num_classes
        self._num_pictures = 0
        self._true: list[dict[str, Any]] = []
        self._found: list[dict[str, Any]] = []

    def add(
        self,
        true_boxes: NDArray[np.float32],
        true_labels: NDArray[np.int32],
        boxes: NDArray[np.float32],
        labels: NDArray[np.int32],
        confidences: NDArray[np.float32],
    ) -> None:
        """Take one picture. Rows whose label is below 0 are padding.

        Args:
            true_boxes: (objects, 4): left, top, right, bottom in pixels.
            true_labels: (objects,).
            boxes: (found, 4), in the same pixels.
            labels: (found,).
            confidences: (found,). Of equal ones the first counts as the surer.
        """
        self._num_pictures += 1
        self._true += self._entries(true_boxes, true_labels, len(self._true))
        found = self._entries(boxes, labels, len(self._found))
        for entry, confidence in zip(found, confidences[labels >= 0], strict=True):
            entry["score"] = float(confidence)
        self._found += found

    def figures(self) -> BoxFigures:
        """Average precision over all pictures so far; 0 where nothing was found and where there is no object at all."""
        from pycocotools.cocoeval import COCOeval

        # pycocotools prints a line at every step.
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(self._collection(self._true), self._collection(self._found), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
        # Shape (overlaps, recalls, classes); -1 where there is no object of a class.
        precision = np.asarray(evaluation.eval["precision"])[..., 0, -1]
        present = [number for number in range(self._num_classes) if (precision[:, :, number] > -1).any()]
        if not present:
            return BoxFigures(0.0, 0.0)
        precision = precision[:, :, present]
        by_class = dict(zip(present, precision.mean(axis=(0, 1)).tolist(), strict=True))
        return BoxFigures(float(precision.mean()), float(precision[0].mean()), by_class)

    def _entries(self, boxes: NDArray[np.float32], labels: NDArray[np.int32], num_before: int) -> list[dict[str, Any]]:
        is_real = labels >= 0
        corners = boxes[is_real].astype(np.float64)
        sides = corners[:, 2:] - corners[:, :2]
        return [
            {
                "id": num_before + number + 1,
                "image_id": self._num_pictures,
                "category_id": int(label) + 1,
                "bbox": [*corner[:2], *side],
                "area": side[0] * side[1],
                "iscrowd": 0,
            }
            for number, (corner, side, label) in enumerate(
                zip(corners.tolist(), sides.tolist(), labels[is_real], strict=True)
            )
        ]

    def _collection(self, annotations: Sequence[dict[str, Any]]) -> Any:
        from pycocotools.coco import COCO

        collection = COCO()
        collection.dataset = {
            "images": [{"id": number + 1} for number in range(self._num_pictures)],
            "categories": [{"id": number + 1} for number in range(self._num_classes)],
            "annotations": list(annotations),
        }
        collection.createIndex()
        return collection
