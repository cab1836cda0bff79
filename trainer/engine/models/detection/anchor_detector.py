"""KerasHub's RetinaNet, which measures boxes from anchors, as a detector of ours."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.models.detection.losses import batch_loss

MULTIPLE = 32
"""What height and width of the padded pictures can be divided by; its feature pyramid takes no others."""
_BALANCE = 0.25
_FOCUS = 2.0
_UNCOUNTED = -2
_DELTAS = "center_xywh"


@keras.saving.register_keras_serializable("ModelGardener")
class AnchorDetector(BoxDetector):
    """A detector around a `keras_hub.models.RetinaNetObjectDetector`, which is its layer `retina_net`.

    Its outputs are `{"bbox_regression": (B, anchors, 4), "cls_logits": (B, anchors, classes)}`. The loss is that of the
    paper (Lin et al. 2017, https://arxiv.org/abs/1708.02002): focal loss of the scores and Huber loss of the boxes.
    """

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,  # noqa: ARG002
    ) -> Any:
        """Loss per anchor that meets an object."""
        encoder = self.get_layer("retina_net").label_encoder
        pictures = ops.zeros((ops.shape(x)[0], *self._padded_shape))
        true_boxes = ops.cast(y["boxes"], "float32")
        sides, labels = encoder(images=pictures, gt_boxes=true_boxes, gt_classes=ops.cast(y["labels"], "float32"))
        is_object = ops.cast(labels >= 0, "float32")
        logits = ops.cast(y_pred["cls_logits"], "float32")
        classes = ops.one_hot(ops.cast(labels, "int32"), logits.shape[-1], dtype="float32")
        scores = ops.sum(_focal(classes, logits), axis=-1) * ops.cast(labels != _UNCOUNTED, "float32")
        places = ops.sum(_huber(sides - ops.cast(y_pred["bbox_regression"], "float32")), axis=-1) * is_object
        losses = ops.sum(scores + places, axis=1)
        return sum(self.losses, batch_loss(losses, ops.sum(is_object, axis=1), sample_weight))

    def candidates(self, outputs: Any) -> tuple[Any, Any]:
        """See `BoxDetector.candidates`."""
        shape = self._padded_shape
        anchors = self.get_layer("retina_net").anchor_generator(ops.zeros((1, *shape)))
        boxes = keras.utils.bounding_boxes.decode_deltas_to_boxes(
            anchors=ops.concatenate(list(anchors.values()), axis=0),
            boxes_delta=ops.cast(outputs["bbox_regression"], "float32"),
            anchor_format="xyxy",
            box_format="xyxy",
            encoded_format=_DELTAS,
            image_shape=shape,
        )
        return boxes, ops.sigmoid(ops.cast(outputs["cls_logits"], "float32"))

    @property
    def _padded_shape(self) -> tuple[int, int, int]:
        height, width, channels = self.inputs[0].shape[1:]
        return height + -height % MULTIPLE, width + -width % MULTIPLE, channels


def _focal(classes: Any, logits: Any) -> Any:
    crossentropy = ops.maximum(logits, 0.0) - logits * classes + ops.log1p(ops.exp(-ops.abs(logits)))
    doubt = ops.abs(classes - ops.sigmoid(logits))
    balance = classes * _BALANCE + (1 - classes) * (1 - _BALANCE)
    return balance * ops.power(doubt, _FOCUS) * crossentropy


def _huber(difference: Any) -> Any:
    size = ops.abs(difference)
    return ops.where(size < 1.0, 0.5 * size * size, size - 0.5)
