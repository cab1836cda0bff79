"""Average precision of a detector at the end of every epoch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from trainer.config.task import TASKS
from trainer.engine.models.detection.average_precision import AveragePrecision, BoxFigures
from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.models.detection.suppression import Detections
from trainer.engine.training.averaging import averaged_weights
from trainer.engine.training.control import StoppedNow
from trainer.engine.training.monitoring import is_validated

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession

# Low, because average precision counts what is found late and unsure too; this is the common choice for measuring.
_CONFIDENCE_THRESHOLD = 0.01
_MOST_CLASSES_LISTED = 20
FindBoxes = Callable[[Any], Detections]
BOX_MONITOR = TASKS["object_detection"].monitor


class DetectionFigures(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds `val_map50`, `val_map` and `val_ap_<class>` to the figures of every epoch that ends with a validation.

    It has to run before the callbacks that read the figures. With more than 20 classes their own figures are left out.

    Args:
        session: A session whose model is a detector; asked for its data and control at the end of an epoch.
    """

    def __init__(self, session: TrainingSession) -> None:
        super().__init__()
        self._session = session
        self._find: FindBoxes | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Find the boxes of the validation data and judge them.

        Raises:
            StoppedNow: An immediate stop was asked for meanwhile.
        """
        session = self._session
        assert session.data is not None
        if logs is None or session.data.validation is None or not is_validated(session.config.training, epoch + 1):
            return
        # Kept, as it takes seconds to trace.
        self._find = self._find or box_finder(self.model)
        with averaged_weights(self.model):
            figures = detection_figures(session, session.data.validation, self._find)
        logs.update({f"val_{name}": value for name, value in figures.items()})


def watch_task(session: TrainingSession) -> str:
    """Let a session measure what its task is judged by, and say what `auto` watches where there is validation data.

    Args:
        session: A session with data and compiled model, whose callbacks are not put together yet.
    """
    monitor = TASKS[session.config.project.task].monitor
    if not isinstance(session.model, BoxDetector):
        return "val_loss" if monitor == BOX_MONITOR else monitor
    session.engine_callbacks.append(DetectionFigures(session))
    return BOX_MONITOR


def detection_figures(session: TrainingSession, split: Any, find: FindBoxes | None = None) -> dict[str, float]:
    """Average precision of a session's detector on one part of its data, by name; empty for other models.

    Args:
        session: A session with data and model.
        split: The part of its data.
        find: What `box_finder` made of the model before, if it did.

    Raises:
        StoppedNow: An immediate stop was asked for meanwhile.
    """
    if not isinstance(session.model, BoxDetector):
        return {}
    assert session.data is not None
    batches = _unless_stopped(session, session.evaluation_dataset(split, whole=True))
    class_names = session.data.class_names
    figures = box_figures(find or box_finder(session.model), batches, len(class_names))
    return named_figures(figures, class_names)


def _unless_stopped(session: TrainingSession, batches: Iterable[Any]) -> Iterable[Any]:
    for batch in batches:
        if session.control.stop in ("now", "discard"):
            raise StoppedNow
        yield batch


def box_finder(model: Any) -> FindBoxes:
    """A compiled function from a batch of pictures, 0–255, to all boxes that a `BoxDetector` finds, unsure ones too."""

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def find(pictures: Any) -> Any:
        return model.decode(model(pictures, training=False), confidence_threshold=_CONFIDENCE_THRESHOLD)

    return find  # type: ignore[no-any-return]


def box_figures(find: FindBoxes, batches: Iterable[Any], num_classes: int) -> BoxFigures:
    """Average precision of what is found.

    Args:
        find: Finds the boxes of a batch.
        batches: (pictures, `{"boxes": (B, M, 4), "labels": (B, M)}`, perhaps weights), padded with -1.
        num_classes: Number of classes.
    """
    precision = AveragePrecision(num_classes)
    for pictures, truth, *_ in batches:
        found = find(pictures)
        columns = (truth["boxes"], truth["labels"], found.boxes, found.labels, found.confidences)
        for picture in zip(*(np.asarray(column) for column in columns), strict=True):
            precision.add(*picture)
    return precision.figures()


def named_figures(figures: BoxFigures, class_names: Sequence[str]) -> dict[str, float]:
    """Figures by name: `map50`, `map`, and `ap_<class>` for each class that occurs, of twenty at most.

    >>> named_figures(BoxFigures(0.5, 0.75, {0: 0.5}), ("red cell", "white cell"))
    {'map50': 0.75, 'map': 0.5, 'ap_red_cell': 0.5}
    """
    named = {"map50": figures.map50, "map": figures.map}
    if len(class_names) <= _MOST_CLASSES_LISTED:
        named |= {f"ap_{_plain(class_names[number])}": value for number, value in figures.of_class.items()}
    return named


def _plain(class_name: str) -> str:
    return re.sub(r"\W+", "_", class_name).strip("_")
