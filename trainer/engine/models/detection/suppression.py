"""From the scored boxes of a detector to the few that are shown: non-maximum suppression."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from trainer.engine.models.detection.boxes import pairwise_overlaps


class Detections(NamedTuple):
    """What was found in a batch of pictures, the surest first.

    Attributes:
        boxes: float32 (B, most, 4): left, top, right, bottom in pixels; padded with -1.
        labels: int32 (B, most): class numbers; padded with -1.
        confidences: float32 (B, most), 0 to 1; padded with 0.
    """

    boxes: Any
    labels: Any
    confidences: Any


def suppress(
    boxes: Any,
    probabilities: Any,
    *,
    confidence_threshold: float,
    iou_threshold: float,
    max_boxes: int,
    num_candidates: int = 400,
) -> Detections:
    """Keep the surest boxes, and of those of one class that overlap only the surest.

    The result is that of the usual greedy rule. Instead of one box after the other, all are decided at once, again and
    again until nothing changes, which takes as many rounds as the longest chain of overlapping boxes.

    Args:
        boxes: float32 (B, points, 4) in pixels.
        probabilities: float32 (B, points, classes). A box may be found as several classes.
        confidence_threshold: Boxes that are less sure are left out.
        iou_threshold: Boxes of one class with a larger intersection over union are one object.
        max_boxes: Boxes kept per picture.
        num_candidates: Boxes per picture that are looked at: the surest.
    """
    num_points, num_classes = probabilities.shape[1:]
    flat = ops.reshape(probabilities, (-1, num_points * num_classes))
    confidences, numbers = ops.top_k(flat, min(num_candidates, num_points * num_classes))
    labels = ops.cast(numbers % num_classes, "int32")
    chosen = ops.take_along_axis(boxes, ops.cast(numbers // num_classes, "int32")[..., None], axis=1)
    confidences = ops.where(confidences >= confidence_threshold, confidences, 0.0)
    kept = _survivors(chosen, labels, confidences > 0, iou_threshold)
    confidences, order = ops.top_k(ops.where(kept, confidences, 0.0), min(max_boxes, confidences.shape[1]))
    is_found = confidences > 0
    labels = ops.where(is_found, ops.take_along_axis(labels, order, axis=1), -1)
    chosen = ops.where(is_found[..., None], ops.take_along_axis(chosen, order[..., None], axis=1), -1.0)
    return Detections(chosen, labels, confidences)


def _survivors(boxes: Any, labels: Any, is_candidate: Any, iou_threshold: float) -> Any:
    """Whether each box, sorted by confidence, is kept: bool (B, candidates)."""
    count = boxes.shape[1]
    is_surer = ops.arange(count)[None, :] < ops.arange(count)[:, None]
    same_class = labels[:, :, None] == labels[:, None, :]
    rivals = (pairwise_overlaps(boxes, boxes) > iou_threshold) & same_class & is_surer & is_candidate[:, None, :]

    def decide(kept: Any, _: Any) -> tuple[Any, Any]:
        decided = is_candidate & ~ops.any(rivals & kept[:, None, :], axis=-1)
        return decided, ops.any(decided != kept)

    def goes_on(_: Any, changed: Any) -> Any:
        return changed

    kept, _ = ops.while_loop(goes_on, decide, (is_candidate, ops.convert_to_tensor(True)), maximum_iterations=count)
    return kept
