"""One step of preprocessing or augmentation: a Keras layer or a user's function, called with whole batches."""

from __future__ import annotations

import contextlib
import inspect
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import keras
import tensorflow as tf

from trainer.catalog.augmentation_support import (
    MOVING_LAYERS,
    STEPS_KEY,
    VARIATION_STEPS_KEY,
    unsuited_because,
)
from trainer.catalog.step_probability import PROBABILITY
from trainer.config.component import Component
from trainer.engine.components import build, find_object, parameters_of
from trainer.engine.data.batch_seeds import BatchSeeds, seed_layer
from trainer.engine.data.layer_targets import BOX_ARGUMENTS, call_with_boxes, call_with_masks, moves_targets
from trainer.engine.data.part import Shape
from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.sample_random import sample_uniforms
from trainer.engine.data.sample_step import SampleStep
from trainer.engine.user_errors import misfit, user_code
from trainer.errors import ConfigError, DataError, Problem

StepKind = Literal["preprocessing", "augmentation"]
_STREAM_OF_CHOICE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class StepDraws:
    """What the random choices of a step follow from.

    Attributes:
        seeds: int32, shape (B, 2): each sample's own.
        are_copies: bool, shape (B,): samples added to balance classes; `None` without any.
        one_by_one: Every picture is changed by its own seed, whatever else is in the batch.
    """

    seeds: Any
    are_copies: Any = None
    one_by_one: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BatchStep:
    """A step that is ready to be called.

    Attributes:
        kind: `preprocessing` or `augmentation`.
        component: What was chosen.
        found: The class or function.
        target: The layer, or the object or function to call.
        takes: Which of `labels`, `seed`, `seeds` and `training` are passed.
        target_kind: What is predicted.
        is_single: It takes one `image`, not a batch of them.
        generators: What the layer draws its random numbers from.
        probability: Share of the samples that it is applied to.
        only_copies: It is for samples added to balance classes.
        shape: Height, width and channels of its result, known after the trial.
    """

    kind: StepKind
    component: Component
    found: Callable[..., Any]
    target: Any
    takes: frozenset[str]
    target_kind: TargetKind = "classes"
    is_single: bool = False
    generators: tuple[BatchSeeds, ...] = ()
    probability: float = 1.0
    only_copies: bool = False
    shape: Shape | None = None

    @property
    def key(self) -> str:
        """The setting that it stands in."""
        if self.kind == "preprocessing":
            return "data.preprocessing"
        return VARIATION_STEPS_KEY if self.only_copies else STEPS_KEY

    @property
    def is_layer(self) -> bool:
        """Whether it is a Keras layer."""
        return isinstance(self.target, keras.layers.Layer)

    def require_size(self, before: Any, after: Any) -> None:
        """Refuse a step that changes the size of pictures whose masks or boxes stay.

        Raises:
            ConfigError: It does.
        """
        if self.target_kind in ("masks", "boxes") and tuple(before)[1:3] != tuple(after)[1:3]:
            message = f"{self.component.name} changes the pictures' size but not that of their {self.target_kind}."
            raise ConfigError((Problem(self.key, f"{message} Set data.image_size instead."),))

    def __call__(self, images: Any, targets: Any, draws: StepDraws) -> tuple[Any, Any]:
        """Change a batch.

        Args:
            images: float32, shape (B, height, width, channels), in 0–255.
            targets: One-hot rows of shape (B, classes), masks, boxes, or whatever a loader gives.
            draws: Decide what is random.

        Returns:
            Images and targets.

        Raises:
            UserCodeError: The user's code raised, or returned something else.
        """
        with self._told_as_theirs():
            changed, new_targets = self._changed(images, targets, draws)
        changed = self._checked(changed, images)
        new_targets = targets if new_targets is None else self._checked_targets(new_targets, targets)
        if self.probability >= 1 and not self.only_copies:
            return changed, new_targets
        is_chosen = sample_uniforms(draws.seeds, 1, _STREAM_OF_CHOICE)[:, 0] < self.probability
        if self.only_copies and draws.are_copies is not None:
            is_chosen &= draws.are_copies
        return _chosen(is_chosen, changed, images), tf.nest.map_structure(
            lambda new, old: _chosen(is_chosen, new, old), new_targets, targets
        )

    def _changed(self, images: Any, targets: Any, draws: StepDraws) -> tuple[Any, Any]:
        if _is_ours(self.component, self.target):
            moved: tuple[Any, Any] = self.target.apply(images, targets, self.target_kind, draws.seeds)
            return moved
        if self.is_layer and not (draws.one_by_one and "labels" not in self.takes):
            return self._call_layer(images, targets, draws.seeds[0])
        if self.is_layer:
            return self._call_layer_for_each(images, targets, draws.seeds)
        return self._call(images, targets, draws.seeds)

    def _call(self, images: Any, targets: Any, seeds: Any) -> tuple[Any, Any]:
        own = self._own_arguments() if self.target is self.found else {}
        if self.is_single:
            return self._call_for_each(images, seeds, own), None
        offered = {"labels": targets, "seed": seeds[0], "seeds": seeds}
        result = self.target(images, **{name: offered[name] for name in self.takes}, **own)
        if "labels" in self.takes and isinstance(result, tuple | list) and len(result) == 2:
            return result[0], result[1]
        return result, None

    def _own_arguments(self) -> dict[str, Any]:
        return _without_probability(self.component, self.found).arguments

    def _call_for_each(self, images: Any, seeds: Any, own: dict[str, Any]) -> Any:
        columns = (images, seeds) if "seed" in self.takes else (images,)

        def call(sample: tuple[Any, ...]) -> Any:
            image, *seed = sample
            return tf.cast(self.target(image, **({"seed": seed[0]} if seed else {}), **own), tf.float32)

        call = tf.autograph.experimental.do_not_convert(call)
        return tf.map_fn(call, columns, fn_output_signature=tf.float32)

    def _call_layer(self, images: Any, targets: Any, seed: Any) -> tuple[Any, Any]:
        with _same_python_choices():
            return self._call_seeded_layer(images, targets, seed)

    def _call_seeded_layer(self, images: Any, targets: Any, seed: Any) -> tuple[Any, Any]:
        for number, generator in enumerate(self.generators):
            generator.begin(seed, number)
        if "labels" in self.takes:
            result = self.target({"images": images, "labels": targets}, training=True)
            return result["images"], result["labels"]
        if self._moves_targets():
            call = call_with_masks if self.target_kind == "masks" else call_with_boxes
            return call(self.target, images, targets)
        options = {"training": self.kind == "augmentation"} if "training" in self.takes else {}
        return self.target(images, **options), None

    def _moves_targets(self) -> bool:
        has_places = self.kind == "augmentation" and self.target_kind in ("masks", "boxes")
        return has_places and moves_targets(self.target, is_own=self.component.file is not None)

    def _call_layer_for_each(self, images: Any, targets: Any, seeds: Any) -> tuple[Any, Any]:
        def call(sample: tuple[Any, Any, Any]) -> tuple[Any, Any]:
            image, target, seed = sample
            batch = tf.nest.map_structure(lambda part: part[None], target)
            changed, moved = self._call_layer(image[None], batch, seed)
            moved = batch if moved is None else moved
            return tf.cast(changed[0], tf.float32), tf.nest.map_structure(lambda part: part[0], moved)

        call = tf.autograph.experimental.do_not_convert(call)
        signature = (tf.float32, tf.nest.map_structure(lambda part: part.dtype, targets))
        return tuple(tf.map_fn(call, (images, targets, seeds), fn_output_signature=signature))

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

    def _checked_targets(self, received: Any, targets: Any) -> Any:
        if isinstance(targets, dict) and isinstance(received, dict) and received.keys() == targets.keys():
            return {name: self._checked_targets(received[name], targets[name]) for name in targets}
        if not tf.is_tensor(targets):
            return received
        shape = tuple(targets.shape)
        try:
            changed = tf.cast(tf.convert_to_tensor(received), targets.dtype)
        except (TypeError, ValueError):
            raise self._misfit(f"Expected labels of shape {shape}, got {_described(received)}.") from None
        if not changed.shape.is_compatible_with(targets.shape):
            raise self._misfit(f"Expected labels of shape {shape}, received shape {tuple(changed.shape)}.")
        return tf.ensure_shape(changed, targets.shape)

    def _misfit(self, message: str) -> Exception:
        if self.component.file is not None:
            return misfit(message, self.component.file, self.found)
        return ConfigError((Problem(self.key, f"{self.component.name}: {message}"),))


def _described(received: Any) -> str:
    return "nothing (did the function forget its return?)" if received is None else f"a {type(received).__name__}"


@contextlib.contextmanager
def _keras_refusal(step: BatchStep) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, tf.errors.InvalidArgumentError, tf.errors.FailedPreconditionError) as error:
        raise DataError(f"The step {step.component.name} of {step.key} failed: {error}") from error


def build_step(
    kind: StepKind,
    component: Component,
    functions_dir: Any,
    target_kind: TargetKind = "classes",
    *,
    only_copies: bool = False,
) -> BatchStep:
    """Build a step.

    Args:
        kind: What it is used as.
        component: A Keras layer, or a user's function, layer or other class whose objects can be called.
        functions_dir: The run's copies of user files.
        target_kind: What is predicted.
        only_copies: It is for samples added to balance classes.

    Raises:
        ConfigError: There is no such layer, it refuses its arguments, or does not suit what is predicted.
        UserCodeError: The user's file cannot be imported, or its class cannot be made.
    """
    found = find_object(kind, component, functions_dir)
    if kind == "augmentation" and component.file is None and (reason := unsuited_because(_name(found), target_kind)):
        raise ConfigError((Problem(VARIATION_STEPS_KEY if only_copies else STEPS_KEY, reason),))
    plain = _without_probability(component, found) if kind == "augmentation" else component
    probability = 1.0 if plain is component else _number(component.arguments[PROBABILITY])
    target = _target(kind, plain, found, functions_dir, target_kind)
    is_ours, is_layer = _is_ours(component, target), isinstance(target, keras.layers.Layer)
    return BatchStep(
        kind,
        component,
        found,
        target,
        frozenset() if is_ours else _taken_by(kind, target, target_kind),
        target_kind,
        is_single=not is_ours and not is_layer and _is_single(target),
        generators=seed_layer(target) if isinstance(target, keras.layers.Layer) else (),
        probability=probability,
        only_copies=only_copies,
    )


def _name(found: Callable[..., Any]) -> str:
    """Of something built in: its own spelling, however the configuration spells it."""
    return str(getattr(found, "__name__", ""))


def _number(value: Any) -> float:
    return 1.0 if value is None else float(value)


def _without_probability(component: Component, found: Callable[..., Any]) -> Component:
    """The component without the argument that every step has, unless it is one of its own."""
    if PROBABILITY not in component.arguments or PROBABILITY in parameters_of(found):
        return component
    arguments = {name: value for name, value in component.arguments.items() if name != PROBABILITY}
    return component.model_copy(update={"arguments": arguments})


def _target(
    kind: StepKind, component: Component, found: Callable[..., Any], functions_dir: Any, target_kind: TargetKind
) -> Any:
    if not inspect.isclass(found):
        return found
    is_moving = target_kind == "boxes" and component.file is None and _name(found) in MOVING_LAYERS
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # pictures are changed in full precision, whatever the model computes in
    try:
        return build(kind, component, functions_dir, **(BOX_ARGUMENTS if is_moving else {}))
    finally:
        keras.config.set_dtype_policy(policy)


def _taken_by(kind: StepKind, target: Any, target_kind: TargetKind) -> frozenset[str]:
    if isinstance(target, keras.layers.Layer):
        takes = {"training"} & set(inspect.signature(target.call).parameters)
        if kind == "augmentation" and target_kind not in ("masks", "boxes") and _changes_labels(target):
            takes.add("labels")
        return frozenset(takes)
    if kind == "preprocessing":
        return frozenset()
    known = {"seed"} if _is_single(target) else {"labels", "seed", "seeds"}
    return frozenset(known & set(inspect.signature(target).parameters))


@contextlib.contextmanager
def _same_python_choices() -> Iterator[None]:
    """Keras' AugMix draws its chains with Python's own random numbers, once, when the graph is made."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


def _is_ours(component: Component, target: Any) -> bool:
    return component.file is None and isinstance(target, SampleStep)


def _is_single(function: Any) -> bool:
    return next(iter(inspect.signature(function).parameters), "") == "image"


def _chosen(is_chosen: Any, new: Any, old: Any) -> Any:
    return tf.where(tf.reshape(is_chosen, (-1, *(1 for _ in old.shape[1:]))), new, old)


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
