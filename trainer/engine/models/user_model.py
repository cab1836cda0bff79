"""A user's own model: a function that returns one, a `keras.Model` or a `keras.layers.Layer`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from trainer.config.component import Component
from trainer.engine.components import accepted, build, find_object
from trainer.engine.data.part import ClassCount, InputShape, Shape
from trainer.engine.user_errors import misfit, user_code
from trainer.errors import UserCodeError

_OWN_STEPS = ("train_step", "test_step", "compute_loss")


class UserModel:
    """Makes a network of what a user's file defines.

    Args:
        architecture: Function or class, with its file.
        functions_dir: The run's copies of user files.
        num_classes: Number of classes, or numbers by name.
        is_classifier: Whether the labels are classes, so that there has to be a score for each.
        log: Takes a sentence.

    Raises:
        UserCodeError: The file cannot be imported.
    """

    def __init__(
        self,
        architecture: Component,
        functions_dir: Path | None,
        num_classes: ClassCount,
        *,
        is_classifier: bool,
        log: Callable[[str], None],
    ) -> None:
        self._architecture = architecture
        self._functions_dir = functions_dir
        self._num_classes = num_classes
        self._is_classifier = is_classifier
        self._log = log
        self._found = find_object("model", architecture, functions_dir)

    def whole(self, input_shape: InputShape) -> Any:
        """The user's model as it is, for inputs that are no pictures or several.

        Raises:
            UserCodeError: It failed, or does not take these inputs.
        """
        own = self._made(input_shape)
        self._require_inputs(own, input_shape)
        inputs = _inputs(input_shape) if _is_subclass(own) else own._inputs_struct
        with self._told_as_theirs():
            outputs = own(inputs) if _is_subclass(own) else own._outputs_struct
        if _has_own_steps(own) or (not _is_subclass(own) and not isinstance(outputs, list | tuple)):
            return own
        return keras.Model(inputs, self._named(own, outputs), name=own.name)

    def on_pixels(self, pixels: Any, scaled: Any, head: Callable[[Any], Any]) -> Any:
        """The user's model on scaled pixels.

        Args:
            pixels: The input, 0–255.
            scaled: What the user's model gets.
            head: Makes class scores of the features that a layer gives.

        Raises:
            UserCodeError: It failed, or gives something else than one score per class.
        """
        own = self._made(tuple(scaled.shape[1:]))
        with self._told_as_theirs():
            outputs = own(scaled)
        if self._is_classifier and not isinstance(own, keras.Model) and len(getattr(outputs, "shape", ())) in (2, 4):
            is_whole = tuple(outputs.shape)[1:] == (self._num_classes,)
            return keras.Model(pixels, outputs if is_whole else head(outputs), name=own.name)
        outputs = self._named(own, outputs)
        if self._is_classifier and not isinstance(outputs, dict):
            self._require_scores(outputs)
        if not _has_own_steps(own):
            return keras.Model(pixels, outputs, name=own.name)
        # Inside another model its training step would be lost.
        self._log(f"{own.name} has a training step of its own, so it is used as it is: it gets pixels from 0 to 255")
        return own

    def _made(self, input_shape: InputShape) -> Any:
        given: dict[str, Any] = {"input_shape": input_shape, "num_classes": self._num_classes}
        is_class = inspect.isclass(self._found)
        if is_class:
            # Keras' own constructors refuse what their **kwargs seem to take.
            given = accepted(self._found, given)
        own = build("model", self._architecture, self._functions_dir, **given)
        expected = keras.layers.Layer if is_class else keras.Model
        if not isinstance(own, expected):
            wanted = "class to be a keras.layers.Layer" if is_class else "function to return a keras.Model"
            raise self._misfit(f"Expected the {wanted}, received {_described(own)}.")
        return own

    def _require_inputs(self, own: Any, input_shape: InputShape) -> None:
        if _is_subclass(own) or not own.built:
            return
        is_named = isinstance(own._inputs_struct, dict)
        names = list(own._inputs_struct) if is_named else [tensor.name for tensor in own.inputs]
        given = list(input_shape) if isinstance(input_shape, dict) else []
        missing = [name for name in names if name not in given]
        if isinstance(input_shape, dict) and missing:
            raise self._misfit(f"The model has the inputs {', '.join(names)}, but the loader gives {', '.join(given)}.")
        if not isinstance(input_shape, dict) and len(names) > 1:
            raise self._misfit(f"The model has the inputs {', '.join(names)}, but the loader gives one without a name.")

    def _require_scores(self, outputs: Any) -> None:
        shape = getattr(outputs, "shape", None)
        if shape is not None and tuple(shape)[1:] == (self._num_classes,):
            return
        received = f"has shape {tuple(shape)[1:]}" if shape is not None else f"is {_described(outputs)}"
        raise self._misfit(
            f"The model's output {received}, expected shape ({self._num_classes},): one score per class."
        )

    def _named(self, own: Any, outputs: Any) -> Any:
        """Several outputs by name: the keys of a dictionary, or the names of the layers that give them."""
        if not isinstance(outputs, list | tuple):
            return outputs
        names = list(getattr(own, "output_names", None) or [])
        if len(names) != len(outputs) or len(set(names)) != len(names):
            names = [f"output_{number}" for number in range(1, len(outputs) + 1)]
        return dict(zip(names, outputs, strict=True))

    def _told_as_theirs(self) -> Any:
        return user_code(str(self._architecture.file), self._found.__name__, self._found)

    def _misfit(self, message: str) -> UserCodeError:
        return misfit(message, str(self._architecture.file), self._found)


def _is_subclass(model: Any) -> bool:
    """Whether its inputs and outputs are known only after a call."""
    return not hasattr(model, "_inputs_struct")


def _has_own_steps(model: Any) -> bool:
    return any(getattr(type(model), name) is not getattr(keras.Model, name) for name in _OWN_STEPS)


def _inputs(shape: InputShape) -> Any:
    if isinstance(shape, dict):
        return {name: keras.Input(_fixed(inner), name=name) for name, inner in shape.items()}
    return keras.Input(_fixed(shape), name="inputs")


def _fixed(shape: Shape) -> tuple[int | None, ...]:
    return tuple(shape)


def _described(value: Any) -> str:
    return "nothing (did the function forget its return?)" if value is None else type(value).__name__
