"""One step of preprocessing or augmentation: a Keras layer or a user's function, called with whole batches."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import keras
import tensorflow as tf

from trainer.config.component import Component
from trainer.engine.components import build, find_object
from trainer.engine.data.batch_seeds import BatchSeeds, fold_in, seed_layer
from trainer.engine.data.part import Shape
from trainer.engine.user_errors import misfit, user_code
from trainer.errors import ConfigError, DataError, Problem

StepKind = Literal["preprocessing", "augmentation"]


@dataclass(frozen=True, slots=True, eq=False)
class BatchStep:
    """A step that is ready to be called.

    Attributes:
        kind: `preprocessing` or `augmentation`.
        component: What was chosen.
        found: The class or function.
        target: The layer, or the object or function to call.
        takes: Which of `labels`, `seed` and `training` are passed.
        is_single: It takes one `image`, not a batch of them.
        seeds: What the layer draws its random numbers from.
        shape: Height, width and channels of its result, known after the trial.
    """

    kind: StepKind
    component: Component
    found: Callable[..., Any]
    target: Any
    takes: frozenset[str]
    is_single: bool = False
    seeds: tuple[BatchSeeds, ...] = ()
    shape: Shape | None = None

    @property
    def is_layer(self) -> bool:
        """Whether it is a Keras layer."""
        return isinstance(self.target, keras.layers.Layer)

    def __call__(self, images: Any, labels: Any, seed: Any) -> tuple[Any, Any]:
        """Change a batch.

        Args:
            images: float32, shape (B, height, width, channels), in 0–255.
            labels: One-hot rows of shape (B, classes), or whatever a loader gives.
            seed: int32, shape (2,); decides what is random.

        Returns:
            Images and labels.

        Raises:
            UserCodeError: The user's code raised, or returned something else.
        """
        with self._told_as_theirs():
            result = self._call_layer(images, labels, seed) if self.is_layer else self._call(images, labels, seed)
        changed, new_labels = result, None
        if "labels" in self.takes and isinstance(result, tuple | list) and len(result) == 2:
            changed, new_labels = result
        changed = self._checked(changed, images)
        return changed, labels if new_labels is None else self._checked_labels(new_labels, labels)

    def _call(self, images: Any, labels: Any, seed: Any) -> Any:
        own = self.component.arguments if self.target is self.found else {}
        if self.is_single:
            return self._call_for_each(images, seed, own)
        given = {name: value for name, value in (("labels", labels), ("seed", seed)) if name in self.takes}
        return self.target(images, **given, **own)

    def _call_for_each(self, images: Any, seed: Any, own: dict[str, Any]) -> Any:
        def call(image_and_number: tuple[Any, Any]) -> Any:
            image, number = image_and_number
            given = {"seed": fold_in(seed, number)} if "seed" in self.takes else {}
            return tf.cast(self.target(image, **given, **own), tf.float32)

        numbers = tf.range(tf.shape(images)[0])
        return tf.map_fn(
            tf.autograph.experimental.do_not_convert(call), (images, numbers), fn_output_signature=tf.float32
        )

    def _call_layer(self, images: Any, labels: Any, seed: Any) -> Any:
        for number, seeds in enumerate(self.seeds):
            seeds.begin(seed, number)
        options = {"training": self.kind == "augmentation"} if "training" in self.takes else {}
        if "labels" not in self.takes:
            return self.target(images, **options)
        result = self.target({"images": images, "labels": labels}, **options)
        return result["images"], result["labels"]

    def _told_as_theirs(self) -> contextlib.AbstractContextManager[None]:
        if self.component.file is not None:
            return user_code(self.component.file, self.component.name, self.found)
        return _keras_refusal(self)

    def _checked(self, received: Any, images: Any) -> Any:
        shape = self.shape or ((None, None, None) if self.kind == "preprocessing" else tuple(images.shape)[1:])
        wanted = "(batch, " + ", ".join("any" if side is None else str(side) for side in shape) + ")"
        expected = f"Expected numbers of shape {wanted}"
        try:
            changed = tf.convert_to_tensor(received)
        except (TypeError, ValueError):
            raise self._misfit(f"{expected}, received {_described(received)}.") from None
        if not (changed.dtype.is_floating or changed.dtype.is_integer):
            raise self._misfit(f"{expected}, received {changed.dtype.name}.")
        if not changed.shape.is_compatible_with((images.shape[0], *shape)):
            raise self._misfit(f"{expected}, received shape {tuple(changed.shape)}.")
        changed = tf.cast(changed, tf.float32)
        return changed if self.shape is None else tf.ensure_shape(changed, (images.shape[0], *self.shape))

    def _checked_labels(self, received: Any, labels: Any) -> Any:
        if not tf.is_tensor(labels):
            return received
        try:
            changed = tf.cast(tf.convert_to_tensor(received), labels.dtype)
        except (TypeError, ValueError):
            raise self._misfit(f"Expected labels of shape {tuple(labels.shape)}, got {_described(received)}.") from None
        if not changed.shape.is_compatible_with(labels.shape):
            raise self._misfit(
                f"Expected labels of shape {tuple(labels.shape)}, received shape {tuple(changed.shape)}."
            )
        return tf.ensure_shape(changed, labels.shape)

    def _misfit(self, message: str) -> Exception:
        if self.component.file is not None:
            return misfit(message, self.component.file, self.found)
        return ConfigError((Problem(f"data.{_KEYS[self.kind]}", f"{self.component.name}: {message}"),))


_KEYS = {"preprocessing": "preprocessing", "augmentation": "augmentation.steps"}


def _described(received: Any) -> str:
    return "nothing (did the function forget its return?)" if received is None else f"a {type(received).__name__}"


@contextlib.contextmanager
def _keras_refusal(step: BatchStep) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise DataError(f"The step {step.component.name} of data.{_KEYS[step.kind]} failed: {error}") from error


def build_step(kind: StepKind, component: Component, functions_dir: Any) -> BatchStep:
    """Build a step.

    Args:
        kind: What it is used as.
        component: A Keras layer, or a user's function, layer or other class whose objects can be called.
        functions_dir: The run's copies of user files.

    Raises:
        ConfigError: There is no such layer, or it refuses its arguments.
        UserCodeError: The user's file cannot be imported, or its class cannot be made.
    """
    found = find_object(kind, component, functions_dir)
    if not inspect.isclass(found):
        return BatchStep(kind, component, found, found, _taken_by(kind, found), _is_single(found))
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # pictures are changed in full precision, whatever the model computes in
    try:
        target = build(kind, component, functions_dir)
    finally:
        keras.config.set_dtype_policy(policy)
    if not isinstance(target, keras.layers.Layer):
        return BatchStep(kind, component, found, target, _taken_by(kind, target), _is_single(target))
    takes = {"training"} & set(inspect.signature(target.call).parameters)
    if kind == "augmentation" and _changes_labels(target):
        takes.add("labels")
    return BatchStep(kind, component, found, target, frozenset(takes), seeds=seed_layer(target))


def _taken_by(kind: StepKind, function: Any) -> frozenset[str]:
    if kind == "preprocessing":
        return frozenset()
    known = {"seed"} if _is_single(function) else {"labels", "seed"}
    return frozenset(known & set(inspect.signature(function).parameters))


def _is_single(function: Any) -> bool:
    return next(iter(inspect.signature(function).parameters), "") == "image"


def _changes_labels(layer: Any) -> bool:
    """Whether a layer such as MixUp mixes labels too, found by showing it sixteen pictures of as many classes."""
    if not hasattr(layer, "transform_labels"):
        return False
    probe = type(layer).from_config(layer.get_config())
    labels = tf.eye(16)
    with contextlib.suppress(Exception):
        mixed = probe({"images": tf.zeros((16, 32, 32, 3)), "labels": labels}, training=True)["labels"]
        return not bool(tf.reduce_all(tf.equal(tf.cast(mixed, tf.float32), labels)))
    return False
