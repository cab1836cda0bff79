"""The variables of a model, its optimizer and its metrics as arrays, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer.errors import RunError

Arrays = dict[str, np.ndarray[Any, Any]]


def take_snapshot(model: Any, *, with_training_state: bool = True, into: Arrays | None = None) -> Arrays:
    """Copy all variables to memory.

    Args:
        model: A compiled model.
        with_training_state: Also the variables of the optimizer and of the metrics.
        into: An earlier snapshot that is no longer needed: its arrays are written over, which is several times faster
            than asking the system for new memory.
    """
    old = into or {}
    return {key: _copy(variable, old.get(key)) for key, variable in _variables(model, with_training_state)}


def numbered_variables(model: Any) -> Iterator[tuple[str, Any]]:
    """The model's own variables by the key under which a snapshot keeps them."""
    return _numbered("model", model.variables)


def take_metrics(model: Any) -> Arrays:
    """Copy the running state of the metrics to memory."""
    return {key: _copy(variable, None) for key, variable in _numbered("metrics", model.metrics_variables)}


def _copy(variable: Any, target: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    # A variable's own `numpy()` would copy it a first time.
    value = np.asarray(keras.ops.convert_to_tensor(variable) if keras.backend.backend() == "tensorflow" else variable)
    if target is None or target.shape != value.shape or target.dtype != value.dtype:
        return np.array(value)
    np.copyto(target, value)
    return target


def write_arrays(arrays: Arrays, path: Path) -> None:
    """Write arrays as an uncompressed `.npz`."""
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def restore_snapshot(model: Any, path: Path) -> None:
    """Give the model and its optimizer their saved values. Metrics follow by `restore_metrics`.

    Raises:
        RunError: The saved variables are not those of this model.
    """
    _assign(_numbered("model", model.variables), path)
    _assign(_numbered("optimizer", model.optimizer.variables), path)


def restore_metrics(model: Any, folder: Path) -> None:
    """Give the metrics their saved running state. Call it after Keras has built and reset them.

    Raises:
        RunError: The saved metrics are not those of this model.
    """
    _assign(_numbered("metrics", model.metrics_variables), folder / "state.npz")


def _assign(wanted: Iterator[tuple[str, Any]], path: Path) -> None:
    variables = dict(wanted)
    group = next(iter(variables), "-").partition("-")[0]
    with np.load(path, allow_pickle=False) as saved:
        unknown = [key for key in saved.files if key.startswith(f"{group}-") and key not in variables]
        if unknown:
            raise RunError(_misfit(path, f"it also holds {unknown[0]}"))
        for key, variable in variables.items():
            if key not in saved:
                raise RunError(_misfit(path, f"{key} is missing"))
            value = saved[key]
            if tuple(value.shape) != tuple(variable.shape):
                raise RunError(_misfit(path, f"{key} has shape {tuple(value.shape)}, expected {tuple(variable.shape)}"))
            variable.assign(value)


def _misfit(path: Path, detail: str) -> str:
    return f"The checkpoint {path.parent} does not fit this model: {detail}. Start a new run instead."


def _variables(model: Any, with_training_state: bool) -> Iterator[tuple[str, Any]]:
    yield from _numbered("model", model.variables)
    if with_training_state:
        yield from _numbered("optimizer", model.optimizer.variables)
        yield from _numbered("metrics", model.metrics_variables)


def _numbered(group: str, variables: list[Any]) -> Iterator[tuple[str, Any]]:
    for number, variable in enumerate(variables):
        yield f"{group}-{number:04d}-{variable.name}", variable
