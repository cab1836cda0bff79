"""Writes the catalog of Keras' own components by looking at the installed Keras.

Run `python -m trainer.engine.introspect` after a change of Keras; a test compares the committed file.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.catalog.catalog import (
    KERAS_CATALOG_PATH,
    CatalogFile,
    committed_keras,
    user_catalog_path,
)
from trainer.catalog.docstring import argument_texts, summary
from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.engine.keras_arguments import read_argument
from trainer.runs.atomic import write_atomically

_GIVEN: dict[str, set[str]] = {
    "optimizer": {"name"},
    "schedule": {"name"},
    "loss": {"dtype"},
    "metric": {"dtype"},
    "callback": set(),
    "preprocessing": {"name", "dtype", "data_format", "seed"},
    "augmentation": {"name", "dtype", "data_format", "seed"},
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
"""Arguments that the trainer passes by itself, or that change nothing here."""
_REPLACING = {
    "learning_rate": "A schedule of the optimizer's own. Left out: training.initial_learning_rate, and "
    "training.learning_rate_schedule where there is one.",
    "initial_learning_rate": "Rate that the schedule starts from. Left out: training.initial_learning_rate.",
}
"""Arguments that the trainer passes unless they are given, with what to say of them."""
UNUSABLE: dict[tuple[str, str], str] = {
    ("optimizer", "MultiOptimizer"): "It joins other optimizers by the variables they are for, which a configuration "
    "cannot name. Write a function in a file of your own that returns it.",
    ("loss", "CTC"): "It compares sequences of labels; the task is to give each picture one class.",
    ("loss", "Circle"): "It compares normalized embeddings; the task is to give each picture one class.",
    ("metric", "Mean"): "It averages one stream of numbers and compares no labels with predictions.",
    ("metric", "Sum"): "It adds up one stream of numbers and compares no labels with predictions.",
    ("callback", "CallbackList"): "It is what Keras itself keeps callbacks in. Add the callbacks one by one.",
    ("callback", "History"): "Keras always has one; the figures are in the run's history.csv.",
    ("callback", "LambdaCallback"): "Its arguments are functions, which a configuration cannot hold. Write a class "
    "that derives from keras.callbacks.Callback in a file of your own.",
    ("preprocessing", "MaxNumBoundingBoxes"): "It changes bounding boxes, not pictures.",
}
"""Why a public object of Keras cannot be used, by kind and name; a test builds the rest."""
_CLASSES = ("image_classification", "tabular_classification")
_MASKS, _NUMBERS = ("image_segmentation",), ("tabular_regression",)
_USUAL_TASKS: dict[str, tuple[str, ...]] = {"loss": (*_CLASSES, *_MASKS), "metric": _CLASSES}
"""What most losses and metrics are for: they compare classes with scores."""
_OTHER_TASKS: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {
    "loss": {
        _CLASSES: ("CategoricalGeneralizedCrossEntropy", "Dice", "Tversky"),
        (*_CLASSES, *_MASKS, *_NUMBERS): (
            "BinaryCrossentropy",
            "CosineSimilarity",
            "Huber",
            "LogCosh",
            "MeanAbsoluteError",
            "MeanSquaredError",
            "MeanSquaredLogarithmicError",
        ),
        _NUMBERS: ("MeanAbsolutePercentageError",),
    },
    "metric": {
        (*_CLASSES, *_MASKS): ("Accuracy", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"),
        (*_CLASSES, *_NUMBERS): (
            "ConcordanceCorrelation",
            "CosineSimilarity",
            "LogCoshError",
            "MeanAbsoluteError",
            "MeanMetricWrapper",
            "MeanSquaredError",
            "MeanSquaredLogarithmicError",
            "PearsonCorrelation",
            "R2Score",
            "RootMeanSquaredError",
        ),
        _NUMBERS: ("MeanAbsolutePercentageError",),
    },
}
"""Those that are for other tasks, by kind and tasks. A loss that is offered learns; a test tries each."""


def keras_entries() -> tuple[Entry, ...]:
    """Entries of every public optimizer, schedule, loss, metric, callback, image layer and application of Keras."""
    import keras

    schedules = keras.optimizers.schedules
    return (
        *_classes("optimizer", keras.optimizers, keras.optimizers.Optimizer),
        *_classes("schedule", schedules, schedules.LearningRateSchedule),
        *_classes("loss", keras.losses, keras.losses.Loss),
        *_classes("metric", keras.metrics, keras.metrics.Metric),
        *_classes("callback", keras.callbacks, keras.callbacks.Callback),
        *_image_layers(keras.layers),
        *_applications(keras.applications),
    )


def _classes(kind: ComponentKind, module: Any, base: type) -> list[Entry]:
    found = {name: item for name, item in _public_classes(module) if issubclass(item, base) and item is not base}
    return _entries(kind, found, f"keras.{kind}")


def _public_classes(module: Any) -> Iterator[tuple[str, type]]:
    for name, found in sorted(vars(module).items()):
        if inspect.isclass(found) and name == found.__name__:
            yield name, found


def _image_layers(module: Any) -> list[Entry]:
    """Layers that change pictures: those with a seed are random and augment, the others preprocess."""
    layers = {name: found for name, found in _public_classes(module) if _changes_pictures(found)}
    random = {name: found for name, found in layers.items() if "seed" in inspect.signature(found).parameters}
    others = {name: found for name, found in layers.items() if name not in random}
    return [*_entries("preprocessing", others, "keras.layers"), *_entries("augmentation", random, "keras.layers")]


def _changes_pictures(layer: Any) -> bool:
    """Whether it is one of Keras' image layers, or another preprocessing layer that takes a picture for a picture."""
    if ".layers.preprocessing." not in layer.__module__:
        return False
    if ".image_preprocessing." in layer.__module__:
        return True
    import keras
    import numpy as np

    pictures = np.ones((1, 4, 4, 3), "float32")
    parameters = inspect.signature(layer).parameters.values()
    needed = {p.name: 1 for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}
    with contextlib.suppress(Exception):  # whatever refuses a picture is no image layer
        result = layer(**needed)(pictures)
        return bool(result.shape == pictures.shape and keras.backend.is_float_dtype(result.dtype))
    return False


def _applications(module: Any) -> list[Entry]:
    functions = {
        name: found
        for name, found in sorted(vars(module).items())
        if inspect.isfunction(found) and "include_top" in inspect.signature(found).parameters
    }
    return _entries("model", functions, "keras.applications")


def _entries(kind: ComponentKind, found: Mapping[str, Any], group: str) -> list[Entry]:
    """Entries of one kind. What a class says nothing about is told as most others of its kind tell it."""
    texts = {name: _texts(item) for name, item in found.items()}
    said: dict[str, Counter[str]] = {}
    for own in texts.values():
        for argument, text in own.items():
            said.setdefault(argument, Counter())[text] += 1
    usual = {argument: counter.most_common(1)[0][0] for argument, counter in said.items()}
    return [_entry(kind, name, item, group, usual | texts[name]) for name, item in found.items()]


def _texts(found: Any) -> dict[str, str]:
    """Texts of a function's or class' arguments, with those of its bases that it passes on."""
    texts: dict[str, str] = {}
    for owner in reversed(inspect.getmro(found)) if inspect.isclass(found) else (found,):
        own = argument_texts(_without_code(owner.__doc__)) | argument_texts(
            getattr(vars(owner).get("__init__"), "__doc__", "")
        )
        texts |= {name: text for name, text in own.items() if text}
    return texts


def _without_code(docstring: str | None) -> str:
    """Some examples are not indented, and the rest would seem to be."""
    return re.sub(r"^```.*?^```", "", docstring or "", flags=re.DOTALL | re.MULTILINE)


def _entry(kind: ComponentKind, name: str, found: Any, group: str, texts: Mapping[str, str]) -> Entry:
    parameters = inspect.signature(found).parameters.values()
    return Entry(
        name=name,
        kind=kind,
        title=name,
        description=summary(found.__doc__),
        group=group,
        smallest_side=_smallest_side(found) if kind == "model" else 0,
        unusable_because=UNUSABLE.get((kind, name), ""),
        tasks=_tasks(kind, name),
        arguments=tuple(
            _argument(parameter, texts.get(parameter.name, ""))
            for parameter in parameters
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
            and parameter.name not in _GIVEN[kind]
        ),
    )


def _tasks(kind: ComponentKind, name: str) -> tuple[str, ...]:
    """Tasks that a loss or metric is for; nothing for other kinds, which fit all."""
    if (kind, name) in UNUSABLE:
        return ()
    other = (tasks for tasks, names in _OTHER_TASKS.get(kind, {}).items() if name in names)
    return next(other, _USUAL_TASKS.get(kind, ()))


def _argument(parameter: inspect.Parameter, text: str) -> Argument:
    argument = read_argument(parameter, text)
    if parameter.name not in _REPLACING:
        return argument
    changes = {"description": _REPLACING[parameter.name], "required": False, "optional": True, "advanced": True}
    return argument.model_copy(update={**changes, "default": None})


def _smallest_side(application: Any) -> int:
    """Smallest picture an application accepts, from its own refusal of a 1 × 1 picture; 0 if it takes that."""
    try:
        application(include_top=False, weights=None, input_shape=(1, 1, 3))
    except ValueError as error:
        stated = re.search(r"at least (\d+)", str(error))
        return int(stated[1]) if stated else 0
    return 0


def catalog_text() -> str:
    """Content of the generated file."""
    import keras

    file = CatalogFile(keras=keras.__version__, entries=keras_entries())
    return json.dumps(file.model_dump(mode="json", exclude_defaults=True), indent=1, ensure_ascii=False) + "\n"


def refresh_user_catalog() -> bool:
    """Write the catalog of the installed Keras into the user's cache, if it is missing and the committed one is not it.

    Returns:
        Whether it was written.

    Raises:
        OSError: The cache cannot be written.
    """
    import keras

    path = user_catalog_path(keras.__version__)
    if keras.__version__ == committed_keras() or path.is_file():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, catalog_text().encode())
    return True


if __name__ == "__main__":
    KERAS_CATALOG_PATH.write_text(catalog_text(), encoding="utf-8")
