"""Writes the catalog of Keras' own components by looking at the installed Keras.

Run `python -m trainer.engine.introspect` after a change of Keras; a test compares the committed file.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

from trainer.catalog.catalog import KERAS_CATALOG_PATH
from trainer.catalog.docstring import argument_texts, summary
from trainer.catalog.entry import Argument, ArgumentKind, ComponentKind, Entry

_GIVEN = {
    "optimizer": {"learning_rate", "name", "kwargs"},
    "loss": {"dtype"},
    "metric": {"dtype"},
    "callback": set(),
    "model": {
        "include_top",
        "weights",
        "input_tensor",
        "input_shape",
        "pooling",
        "classes",
        "classifier_activation",
        "name",
    },
}
_FLOATS = {"min_delta"}
"""Arguments whose default is written as a whole number and whose documentation does not say that they are floats."""
_ABSTRACT = {"Callback", "CallbackList", "Loss", "Metric", "Optimizer", "LossScaleOptimizer", "History"}


def keras_entries() -> tuple[Entry, ...]:
    """Entries of every public optimizer, loss, metric, callback and application of the installed Keras."""
    import keras

    return (
        *_classes("optimizer", keras.optimizers, keras.optimizers.Optimizer),
        *_classes("loss", keras.losses, keras.losses.Loss),
        *_classes("metric", keras.metrics, keras.metrics.Metric),
        *_classes("callback", keras.callbacks, keras.callbacks.Callback),
        *_applications(keras.applications),
    )


def _classes(kind: ComponentKind, module: Any, base: type) -> Iterator[Entry]:
    for name, found in sorted(vars(module).items()):
        if inspect.isclass(found) and issubclass(found, base) and name not in _ABSTRACT and name == found.__name__:
            yield _entry(kind, name, found, found.__init__, f"keras.{kind}")


def _applications(module: Any) -> Iterator[Entry]:
    for name, found in sorted(vars(module).items()):
        if inspect.isfunction(found) and "include_top" in inspect.signature(found).parameters:
            yield _entry("model", name, found, found, "keras.applications")


def _entry(kind: ComponentKind, name: str, described: Any, function: Any, group: str) -> Entry:
    texts = argument_texts(described.__doc__) | argument_texts(function.__doc__)
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return Entry(
        name=name,
        kind=kind,
        title=name,
        description=summary(described.__doc__),
        group=group,
        smallest_side=_smallest_side(function) if kind == "model" else 0,
        arguments=tuple(
            _argument(parameter, texts.get(parameter.name, ""))
            for parameter in named
            if parameter.name not in _GIVEN[kind] | {"self", "kwargs"}
        ),
    )


def _argument(parameter: inspect.Parameter, text: str) -> Argument:
    default = None if parameter.default is parameter.empty else parameter.default
    is_plain = _is_plain(default)
    return Argument(
        name=parameter.name,
        kind=_kind(parameter.name, default, text) if is_plain else "any",
        default=_plain(default) if is_plain else None,
        required=parameter.default is parameter.empty,
        optional=default is None or not is_plain,
        description=text,
    )


def _kind(name: str, default: Any, text: str) -> ArgumentKind:
    """From the default, or for `None` from the documentation; a default of 0 or 1 may stand for a float."""
    kinds: dict[type, ArgumentKind] = {
        bool: "bool",
        int: "int",
        float: "float",
        str: "text",
        list: "list",
        tuple: "list",
    }
    stated = _stated_kind(text)
    if default is None:
        return stated or "any"
    kind = kinds.get(type(default), "any")
    return "float" if kind == "int" and (stated == "float" or name in _FLOATS) else kind


def _stated_kind(text: str) -> ArgumentKind | None:
    """From the first word of the documentation (`Float. If set, …`)."""
    first = re.match(r"(?:\(?Optional\)?[ ,.]*)?(?:A )?(\w+)", text)
    words: dict[str, ArgumentKind] = {
        "float": "float",
        "int": "int",
        "integer": "int",
        "bool": "bool",
        "boolean": "bool",
    }
    return words.get(first[1].lower()) if first else None


def _smallest_side(application: Any) -> int:
    """Smallest picture an application accepts, from its own refusal of a 1 × 1 picture; 0 if it takes that."""
    try:
        application(include_top=False, weights=None, input_shape=(1, 1, 3))
    except ValueError as error:
        stated = re.search(r"at least (\d+)", str(error))
        return int(stated[1]) if stated else 0
    return 0


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def catalog_text() -> str:
    """Content of the generated file."""
    entries = [entry.model_dump(mode="json", exclude_defaults=True) for entry in keras_entries()]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    KERAS_CATALOG_PATH.write_text(catalog_text(), encoding="utf-8")
