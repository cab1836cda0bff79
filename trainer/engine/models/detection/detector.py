"""The networks that find boxes: what they take, what they give, how they learn."""

from __future__ import annotations

from typing import Any, Self

import keras
from keras import ops

from trainer.engine.models.detection.assignment import assign
from trainer.engine.models.detection.boxes import clipped
from trainer.engine.models.detection.losses import assigned_loss, batch_loss
from trainer.engine.models.detection.suppression import Detections, suppress


class BoxDetector(keras.Model):  # type: ignore[misc]
    """A functional model from pixels 0–255 to raw outputs, which it can learn from and turn into boxes.

    It is compiled without a loss: `compute_loss` takes the labels `{"boxes": (B, M, 4), "labels": (B, M)}`, boxes as
    left, top, right, bottom in pixels, both padded with -1.
    """

    def candidates(self, outputs: Any) -> tuple[Any, Any]:
        """All boxes of the raw outputs, (B, points, 4) in pixels, and their probabilities, (B, points, classes)."""
        raise NotImplementedError

    def decode(
        self, outputs: Any, confidence_threshold: float = 0.05, iou_threshold: float = 0.6, max_boxes: int = 100
    ) -> Detections:
        """The boxes that the raw outputs stand for, at most `max_boxes` per picture, the surest first.

        Args:
            outputs: What the model gave for a batch of pictures.
            confidence_threshold: Boxes that are less sure are left out.
            iou_threshold: Boxes of one class that overlap more are taken for one object.
            max_boxes: Boxes per picture.
        """
        boxes, probabilities = self.candidates(outputs)
        height, width = self.inputs[0].shape[1:3]
        return suppress(
            clipped(ops.cast(boxes, "float32"), height, width),
            ops.cast(probabilities, "float32"),
            confidence_threshold=confidence_threshold,
            iou_threshold=iou_threshold,
            max_boxes=max_boxes,
        )

    def bare(self) -> Self:
        """The same network, sharing its weights, without optimizer and metrics."""
        return type(self)(self._inputs_struct, self._outputs_struct, name=self.name)


@keras.saving.register_keras_serializable("ModelGardener")
class PointDetector(BoxDetector):
    """A detector without anchors.

    Its outputs are `{"boxes": float32 (B, points, 4) in pixels, "scores": float32 (B, points, classes) logits}`; the
    boxes come from its layer `boxes`, a `PointBoxes`.
    """

    def compute_loss(
        self,
        x: Any = None,  # noqa: ARG002
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,  # noqa: ARG002
    ) -> Any:
        """Loss per object of a batch."""
        grid = self.get_layer("boxes")
        boxes, logits = ops.cast(y_pred["boxes"], "float32"), ops.cast(y_pred["scores"], "float32")
        target = assign(
            ops.stop_gradient(ops.sigmoid(logits)),
            ops.stop_gradient(boxes),
            ops.convert_to_tensor(grid.points),
            ops.convert_to_tensor(grid.sides),
            ops.cast(y["boxes"], "float32"),
            ops.cast(y["labels"], "int32"),
        )
        losses = assigned_loss(logits, boxes, target)
        loss = batch_loss(losses, ops.sum(target.quality, axis=1), sample_weight)
        return sum(self.losses, loss)

    def candidates(self, outputs: Any) -> tuple[Any, Any]:
        """See `BoxDetector.candidates`."""
        return outputs["boxes"], ops.sigmoid(ops.cast(outputs["scores"], "float32"))
