"""How functions and classes of each kind are called, and which kinds one read with `ast` can be."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass

from trainer.catalog.entry import ComponentKind

GIVEN_ARGUMENTS: dict[str, frozenset[str]] = {
    "loader": frozenset({"data_dir", "batch_size", "config", "reporter"}),
    "preprocessing": frozenset({"image", "images", "labels", "seed"}),
    "augmentation": frozenset({"image", "images", "labels", "seed", "seeds"}),
    "model": frozenset({"input_shape", "num_classes"}),
    "loss": frozenset({"y_true", "y_pred"}),
    "metric": frozenset({"y_true", "y_pred", "class_names"}),
    "optimizer": frozenset({"learning_rate"}),
    "schedule": frozenset(
        {"epoch", "step", "learning_rate", "initial_learning_rate", "steps_per_epoch", "total_steps", "epochs"}
    ),
    "callback": frozenset(),
    "training_loop": frozenset({"model", "train_dataset", "val_dataset", "epochs", "callbacks", "context"}),
    "output": frozenset(),
}
"""Arguments that the trainer passes by itself, by kind of component, to those that take them."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a kind looks like.

    Attributes:
        article: The kind with its article, for messages.
        shown: What to write, for messages.
        starts: First arguments of a function, one of these; without any, its place in the list does not matter.
        needs: Arguments that a function takes by name, one of these sets.
        bases: Classes of Keras one of which a class derives from.
        is_made: Whether calling it makes the thing: then the constructor of a class without a base counts, else its
            `__call__`.
    """

    article: str
    shown: str
    starts: tuple[tuple[str, ...], ...] = ()
    needs: tuple[frozenset[str], ...] = ()
    bases: tuple[str, ...] = ()
    is_made: bool = False


_IMAGES = (("image",), ("images",))
_COMPARED = (("y_true", "y_pred"),)
_LOOP = frozenset({"model", "train_dataset", "val_dataset", "epochs", "callbacks"})
SIGNATURES: dict[ComponentKind, Signature] = {
    "loader": Signature(
        "a loader", "function(data_dir, batch_size=32, **kwargs)", needs=(frozenset({"data_dir"}),), is_made=True
    ),
    "preprocessing": Signature(
        "a preprocessing step", "function(image, ...), function(images, ...) or a keras.layers.Layer", _IMAGES,
        bases=("Layer",),
    ),
    "augmentation": Signature(
        "an augmentation step",
        "function(image, ..., seed), function(images, labels, ..., seed) or a keras.layers.Layer",
        _IMAGES,
        bases=("Layer",),
    ),
    "model": Signature(
        "a model",
        "function(input_shape, num_classes, **kwargs), a keras.Model or a keras.layers.Layer",
        needs=(frozenset({"input_shape", "num_classes"}),),
        bases=("Model", "Sequential", "Functional", "Layer"),
        is_made=True,
    ),
    "loss": Signature("a loss", "function(y_true, y_pred, ...) or a keras.losses.Loss", _COMPARED, bases=("Loss",)),
    "metric": Signature(
        "a metric", "function(y_true, y_pred, ...) or a keras.metrics.Metric", _COMPARED, bases=("Metric",)
    ),
    "optimizer": Signature(
        "an optimizer",
        "function(learning_rate, ...) or a keras.optimizers.Optimizer",
        needs=(frozenset({"learning_rate"}),),
        bases=("Optimizer",),
        is_made=True,
    ),
    "schedule": Signature(
        "a schedule",
        "function(epoch, learning_rate, ...), function(step, learning_rate, ...), function(initial_learning_rate, ...) "
        "that returns a schedule, or a keras.optimizers.schedules.LearningRateSchedule",
        (("epoch",), ("step",)),
        needs=(frozenset({"initial_learning_rate"}),),
        bases=("LearningRateSchedule",),
    ),
    "callback": Signature("a callback", "a class that derives from keras.callbacks.Callback", bases=("Callback",)),
    "training_loop": Signature(
        "a training loop",
        "function(model, train_dataset, val_dataset, epochs, callbacks, **kwargs)",
        needs=(_LOOP,),
    ),
}  # fmt: skip
_MODULES: dict[str, frozenset[ComponentKind]] = {
    "losses": frozenset({"loss"}),
    "metrics": frozenset({"metric"}),
    "optimizers": frozenset({"optimizer"}),
    "schedules": frozenset({"schedule"}),
    "callbacks": frozenset({"callback"}),
    "applications": frozenset({"model"}),
    "layers": frozenset({"model", "preprocessing", "augmentation"}),
}


def function_kinds(function: ast.FunctionDef, *, skip_self: bool = False) -> frozenset[ComponentKind]:
    """The kinds as which the trainer can call a function.

    Args:
        function: The function, or a method.
        skip_self: It is a method, whose first argument does not count.
    """
    positional = tuple(argument.arg for argument in function.args.posonlyargs + function.args.args)[int(skip_self) :]
    named = frozenset([*positional, *(argument.arg for argument in function.args.kwonlyargs)])
    takes_any = function.args.kwarg is not None
    return frozenset(
        kind
        for kind, signature in SIGNATURES.items()
        if any(positional[: len(start)] == start for start in signature.starts)
        or any(needed <= named or (takes_any and bool(needed & named)) for needed in signature.needs)
    )


def class_kinds(
    node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], imports: Mapping[str, str]
) -> frozenset[ComponentKind] | None:
    """The kinds that a class can be, from its bases; `None` where they are defined elsewhere and nothing is known.

    Args:
        node: The class.
        classes: Classes of the same file by name.
        imports: Full name of each imported name, such as `{"Loss": "keras.losses.Loss"}`.
    """
    found: frozenset[ComponentKind] = frozenset()
    is_known = True
    for base in (_dotted(base) for base in node.bases):
        inner = classes.get(base)
        kinds = class_kinds(inner, _without(classes, base), imports) if inner else _kinds_of_base(base, imports)
        is_known = is_known and kinds is not None
        found |= kinds or frozenset()
    if found or node.bases:
        return found if found or is_known else None
    return _kinds_of_methods({item.name: item for item in node.body if isinstance(item, ast.FunctionDef)})


def _without(classes: Mapping[str, ast.ClassDef], name: str) -> dict[str, ast.ClassDef]:
    """A class that derives from itself is no valid program, but it must not hang the window."""
    return {key: node for key, node in classes.items() if key != name}


def _kinds_of_methods(methods: Mapping[str, ast.FunctionDef]) -> frozenset[ComponentKind]:
    """Of a class without a base: by how it is made, or by how its objects are called."""
    fitting = {
        name: function_kinds(methods[name], skip_self=True) for name in ("__init__", "__call__") if name in methods
    }
    return frozenset(
        kind
        for kind, signature in SIGNATURES.items()
        if kind in fitting.get("__init__" if signature.is_made else "__call__", ())
    )


def _kinds_of_base(name: str, imports: Mapping[str, str]) -> frozenset[ComponentKind] | None:
    """Kinds by the name of a base class; empty for Python's own classes, `None` for unknown ones."""
    first, _, rest = name.partition(".")
    parts = ".".join(filter(None, (imports.get(first, first), rest))).split(".")
    named = frozenset(kind for kind, signature in SIGNATURES.items() if parts[-1] in signature.bases)
    if named:
        return named
    if parts[0] in ("keras", "tensorflow", "tf"):
        return next((_MODULES[part] for part in reversed(parts) if part in _MODULES), None)
    return frozenset() if hasattr(builtins, name) or parts[0] in ("abc", "enum", "typing") else None


def _dotted(node: ast.expr) -> str:
    """`keras.losses.Loss` of such an expression; empty for anything else."""
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Full name of each name that a file imports at its top level."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found
