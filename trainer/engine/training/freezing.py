"""Which layers learn: layers frozen by name, and a backbone that is freed bit by bit."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from trainer.config.sections import GradualUnfreezingSection
from trainer.config.suggest import did_you_mean
from trainer.errors import ConfigError, Problem

_FROZEN_KEY = "model.frozen_layers"
_GRADUAL_KEY = "model.gradual_unfreezing.enabled"


def named_layers(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer with its path such as `resnet50/conv1_conv`, models inside the model before what is in them."""
    for layer in model.layers:
        inner = f"{path}{layer.name}"
        yield inner, layer
        if isinstance(layer, keras.Model):
            yield from named_layers(layer, f"{inner}/")


def freeze_layers(model: Any, patterns: str) -> tuple[str, ...]:
    """Keep the weights of some layers as they are.

    Args:
        model: The network.
        patterns: Names, paths or patterns such as `conv1_*`, separated by commas.

    Returns:
        Paths of the layers that were frozen.

    Raises:
        ConfigError: A pattern fits no layer, or nothing would be left to train.
    """
    layers = dict(named_layers(model))
    frozen: dict[str, Any] = {}
    for pattern in filter(None, (part.strip() for part in patterns.split(","))):
        found = {
            path: layer
            for path, layer in layers.items()
            if fnmatch.fnmatchcase(layer.name, pattern) or fnmatch.fnmatchcase(path, pattern)
        }
        if not found:
            raise ConfigError((Problem(_FROZEN_KEY, _no_layer(pattern, layers)),))
        frozen |= found
    for layer in frozen.values():
        layer.trainable = False
    if frozen and not model.trainable_variables:
        message = f"All layers with weights are frozen by '{patterns}'. Leave some to train."
        raise ConfigError((Problem(_FROZEN_KEY, message),))
    return tuple(frozen)


def _no_layer(pattern: str, layers: dict[str, Any]) -> str:
    names = list(dict.fromkeys(layer.name for layer in layers.values()))
    hint = did_you_mean(pattern, names)
    listed = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return f"No layer is called '{pattern}'.{hint or f' The layers are {listed}'}"


class GradualUnfreezing(keras.callbacks.Callback):  # type: ignore[misc]
    """Frees the backbone's layers group by group, those nearest to the output first.

    Which groups are free depends on the epoch alone, so a continued run frees the same ones.

    Args:
        model: The network before it is compiled; all of its backbone is frozen now.
        settings: Groups and epochs.
        retrace: Makes the training function anew.
        log: Takes a sentence.

    Raises:
        ConfigError: The network has no layers to free besides its output.
    """

    def __init__(
        self,
        model: Any,
        settings: GradualUnfreezingSection,
        *,
        retrace: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._settings = settings
        self._retrace = retrace
        self._log = log
        self.all_variables = list(model.trainable_variables)
        """What will have learned in the end; the optimizer is built for all of it."""
        body = _body(model)
        if not body:
            message = "The network has no layers with weights besides its output. Switch gradual unfreezing off."
            raise ConfigError((Problem(_GRADUAL_KEY, message),))
        self.groups = _groups(body, settings.num_groups)
        """Layers by group, in the order in which they are freed."""
        self._num_free = 0
        for layer in body:
            layer.trainable = False

    def num_free(self, epoch: int) -> int:
        """How many groups learn in an epoch, counted from 1."""
        since = epoch - self._settings.first_epoch
        return 0 if since < 0 else min(len(self.groups), 1 + since // self._settings.every_epochs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Free what is due."""
        due = self.num_free(epoch + 1)
        if due <= self._num_free:
            return
        freed = [layer for group in self.groups[self._num_free : due] for layer in group]
        self._num_free = due
        for layer in freed:
            layer.trainable = True
        self._retrace()
        names = ", ".join(layer.name for layer in freed[:5]) + (" …" if len(freed) > 5 else "")
        count = sum(int(keras.ops.size(variable)) for variable in self.model.trainable_variables)
        self._log(
            f"Epoch {epoch + 1}: {due} of {len(self.groups)} groups of layers learn; freed {len(freed)} layers "
            f"({names}); {count:,} parameters learn now"
        )


def _body(model: Any) -> list[Any]:
    """Layers that would learn, in the order of the model, without those of the output.

    The output is what comes after the backbone, or the last layer where there is no backbone.
    """
    containers = {id(layer): path for path, layer in named_layers(model) if isinstance(layer, keras.Model)}
    leaves = [
        (path, layer)
        for path, layer in named_layers(model)
        if id(layer) not in containers and layer.trainable and layer.trainable_variables
    ]
    inside = [layer for path, layer in leaves if "/" in path]
    has_output_outside = bool(leaves) and "/" not in leaves[-1][0]
    if inside and has_output_outside:
        return inside
    return [layer for _, layer in leaves[:-1]]


def _groups(layers: list[Any], num_groups: int) -> list[list[Any]]:
    """Layers in groups of equal size, the last layers first."""
    backwards = layers[::-1]
    count = min(num_groups, len(backwards))
    bounds = [round(index * len(backwards) / count) for index in range(count + 1)]
    return [backwards[first:last] for first, last in itertools.pairwise(bounds)]
