"""Starting from the weights of another training: as many layers as fit, and which those are.

Only arrays are read. Nothing of the file is executed or unpickled, and no layer is built from it.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trainer.engine.reporting import Reporter
from trainer.engine.training.checkpointing import STATE_FILE
from trainer.engine.training.variables import numbered_variables
from trainer.errors import ConfigError, Problem, RunError
from trainer.runs.checkpoints import find_checkpoint, verify_checkpoint
from trainer.runs.folder import RunFolder

_KEY = "model.initial_weights"
_MANY_FRACTION = 0.25
_MOST_NAMED = 20
_WEIGHTS_IN_KERAS_FILE = "model.weights.h5"


@dataclass(frozen=True, slots=True)
class LoadedLayers:
    """What was loaded.

    Attributes:
        loaded: Layers that got their weights.
        left_out: Layers that keep their random start, with the reason.
    """

    loaded: tuple[str, ...]
    left_out: dict[str, str]

    def sentence(self, source: str) -> str:
        """Such as `Loaded 148 of 150 layers from best.keras`."""
        total = len(self.loaded) + len(self.left_out)
        return f"Loaded {len(self.loaded)} of {total} layers from {source}"

    def reasons(self) -> list[str]:
        """A line for each layer that was not loaded, the first twenty of them."""
        lines = [f"{name}: {reason}" for name, reason in self.left_out.items()]
        rest = len(lines) - _MOST_NAMED
        return lines[:_MOST_NAMED] + ([f"and {rest} more"] if rest > 0 else [])


def load_initial_weights(model: Any, place: str, reporter: Reporter) -> LoadedLayers:
    """Give a new model the weights of another training, layer by layer where name and shape fit.

    Args:
        model: A built model.
        place: A run's folder (its best weights, else its last), a `.keras` or a `.weights.h5` file.
        reporter: Told how many layers were loaded, and which were not and why.

    Raises:
        ConfigError: The file is missing, damaged or of another kind, or no layer fits.
    """
    source = _source(Path(place))
    try:
        result = _load_state(model, source) if source.name == STATE_FILE else _load_file(model, source)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _problem(f"The weights in {source} cannot be read: {error}.") from error
    if not result.loaded:
        raise _problem(f"No layer of {source} fits this model: {'; '.join(result.reasons()[:5])}.")
    _report(result, source, reporter)
    return result


def _report(result: LoadedLayers, source: Path, reporter: Reporter) -> None:
    sentence = result.sentence(str(source))
    reporter.log("MODEL", sentence)
    for line in result.reasons():
        reporter.log("MODEL", f"Not loaded: {line}")
    total = len(result.loaded) + len(result.left_out)
    if len(result.left_out) > _MANY_FRACTION * total:
        names = ", ".join(list(result.left_out)[:8])
        reporter.notice("warning", f"{sentence}. The others start at random: {names}. The log says why.")


def _problem(message: str) -> ConfigError:
    return ConfigError((Problem(_KEY, message),))


def _source(path: Path) -> Path:
    if path.is_dir():
        return _source_in_run(RunFolder(path))
    if not path.is_file():
        raise _problem(f"There is no file or folder {path}.")
    if not path.name.endswith((".keras", ".h5")):
        raise _problem(f"Expected a run's folder, a .keras or a .weights.h5 file, received {path.name}.")
    return path


def _source_in_run(folder: RunFolder) -> Path:
    best, last = (find_checkpoint(folder.checkpoints_path, name) for name in ("best", "last"))
    models = {name: folder.model_path / f"{name}.keras" for name in ("best", "final")}
    for model, checkpoint in ((models["best"], best), (models["final"], last)):
        if model.is_file():
            return model
        if checkpoint is not None:
            try:
                verify_checkpoint(*checkpoint)
            except RunError as error:
                raise _problem(str(error)) from error
            return checkpoint[0] / STATE_FILE
    raise _problem(f"{folder.path} holds no model and no checkpoint. Choose the folder of a run such as runs/exp1.")


# ---------------------------------------------------------------- files of Keras


def _load_file(model: Any, source: Path) -> LoadedLayers:
    with tempfile.TemporaryDirectory(prefix="modelgardener-") as folder:
        given = _weights_file(source, Path(folder))
        merged = Path(folder) / "merged.weights.h5"
        model.save_weights(merged)
        with h5py.File(given, "r") as theirs, h5py.File(merged, "r+") as ours:
            result = _merge(ours, theirs)
        if result.loaded:
            model.load_weights(merged)
    return result


def _weights_file(source: Path, folder: Path) -> Path:
    if source.suffix != ".keras":
        return source
    with zipfile.ZipFile(source) as archive:
        return Path(archive.extract(_WEIGHTS_IN_KERAS_FILE, folder))


def _merge(ours: h5py.File, theirs: h5py.File) -> LoadedLayers:
    """Write what fits of `theirs` into `ours`."""
    wanted, found = dict(_layers(ours)), dict(_layers(theirs))
    pairs = _pairs(list(wanted), list(found))
    loaded, left_out = [], {}
    for name, group in wanted.items():
        other = found.get(pairs.get(name, ""))
        if other is None:
            left_out[name] = "no layer of that name in the file"
        elif _shapes(group) != _shapes(other):
            left_out[name] = f"shape {_shapes_text(other)} in the file, {_shapes_text(group)} here"
        else:
            for key in group:
                group[key][...] = other[key][...]
            loaded.append(name)
    return LoadedLayers(tuple(loaded), left_out)


def _layers(file: h5py.File) -> Iterator[tuple[str, Any]]:
    """Every layer that has weights, by the names on the way to it, such as `small_cnn/conv2d_1`."""
    groups: list[str] = []
    file.visit(groups.append)
    for path in groups:
        if path.rpartition("/")[2] == "vars" and isinstance(file[path], h5py.Group) and len(file[path]):
            owner = path.rpartition("/")[0]
            yield _name(file, owner) or "model", file[path]


def _name(file: h5py.File, owner: str) -> str:
    parts = owner.split("/")
    prefixes = ["/".join(parts[: index + 1]) for index in range(len(parts))]
    return "/".join(_own_name(file, prefix) for prefix in prefixes if f"{prefix}/vars" in file)


def _own_name(file: h5py.File, prefix: str) -> str:
    """A layer's name; where Keras made it up, the number that counts within the model and not within a process."""
    counted = prefix.rpartition("/")[2]
    name = str(file[f"{prefix}/vars"].attrs.get("name", counted))
    kind = re.sub(r"_\d+$", "", counted)
    return counted if re.fullmatch(rf"{re.escape(kind)}(_\d+)?", name) else name


def _pairs(wanted: list[str], found: list[str]) -> dict[str, str]:
    """Layers of ours with those of the file: by their whole path, else by their own name where it is the only one."""
    pairs = {name: name for name in wanted if name in set(found)}
    left = [name for name in found if name not in pairs]
    ends = Counter(_last(name) for name in left)
    wanted_ends = Counter(_last(name) for name in wanted if name not in pairs)
    by_end = {_last(name): name for name in left if ends[_last(name)] == 1}
    for name in wanted:
        if name not in pairs and wanted_ends[_last(name)] == 1 and _last(name) in by_end:
            pairs[name] = by_end[_last(name)]
    return pairs


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _shapes(group: Any) -> dict[str, tuple[int, ...]]:
    return {key: tuple(group[key].shape) for key in group}


def _shapes_text(group: Any) -> str:
    return " and ".join(str(shape) for shape in _shapes(group).values())


# ---------------------------------------------------------------- checkpoints


def _load_state(model: Any, source: Path) -> LoadedLayers:
    """A checkpoint counts variables instead of naming layers, so it must be of the same architecture."""
    variables = dict(numbered_variables(model))
    with np.load(source, allow_pickle=False) as saved:
        keys = {key for key in saved.files if key.startswith("model-")}
        if keys != set(variables):
            raise _problem(
                f"{source.parent} is a checkpoint of another architecture, which cannot be loaded in parts. "
                "Use the model/best.keras of a run that has ended."
            )
        by_layer: dict[str, list[tuple[Any, Any]]] = {}
        for key, variable in variables.items():
            by_layer.setdefault(variable.path.rpartition("/")[0], []).append((variable, saved[key]))
    loaded, left_out = [], {}
    for name, pairs in by_layer.items():
        misfit = [(v, value) for v, value in pairs if tuple(v.shape) != tuple(value.shape)]
        if misfit:
            variable, value = misfit[0]
            left_out[name] = f"shape {tuple(value.shape)} in the checkpoint, {tuple(variable.shape)} here"
            continue
        for variable, value in pairs:
            variable.assign(value)
        loaded.append(name)
    return LoadedLayers(tuple(loaded), left_out)
