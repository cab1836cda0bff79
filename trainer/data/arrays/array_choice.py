"""Finds inputs, labels and class names among the arrays of a file: by their given names, or where they are obvious."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trainer.config.task import Task
from trainer.data.arrays.array_file import ArrayFile, StoredArray, describe_array, text_of
from trainer.data.arrays.array_parts import filled_in, names_for, without_part
from trainer.data.arrays.array_settings import ArraySettings
from trainer.errors import DataError

_INPUTS = (
    "encoded", "images", "image", "pictures", "picture", "pixels", "imgs", "img", "x", "inputs", "input", "features",
    "data", "samples", "raw",
)  # fmt: skip
_MASKS = ("masks", "mask", "segmentation", "segmentations", "annotations")
_LABELS = ("labels", "label", "y", "targets", "target", "class", "categories", "category", "text", "outputs", "output")
_NAMES = (("class", "names"), ("label", "names"), ("target", "names"), ("list", "classes"), ("classes",), ("names",))
_COLUMN_NAMES = (("feature", "names"), ("column", "names"), ("columns",))


def choose_inputs(file: ArrayFile, settings: ArraySettings, part: str, task: Task) -> tuple[StoredArray, ...]:
    """The inputs: one array, or for tables perhaps several whose columns stand side by side.

    Raises:
        DataError: There is none of that name, or it is not obvious which it is.
    """
    if settings.inputs:
        names = [name.strip() for name in settings.inputs.split(",") if name.strip()]
        return tuple(_given(file, name, part, "inputs") for name in names)
    if file.place.suffix.lower() == ".npy":
        return (file.get(file.place.stem, "inputs"),)
    candidates = _candidates(file, part)
    found = _best(candidates, _INPUTS)
    if len(found) == 1:
        return (file.arrays[found[0]],)
    if not found and len(candidates) == 2:
        # Of two arrays, the larger one holds the inputs.
        sizes = {name: int(np.prod(file.arrays[name].shape[1:])) for name in candidates}
        if len(set(sizes.values())) == 2:
            return (file.arrays[max(candidates, key=sizes.__getitem__)],)
    if not found and task.startswith("tabular") and (columns := _columns(file, candidates)):
        return tuple(file.arrays[name] for name in columns)
    if not found:
        _refuse_unusable(file, _INPUTS, part)
    raise DataError(_not_obvious(file, found, "inputs", part))


def choose_labels(
    file: ArrayFile, settings: ArraySettings, inputs: Sequence[StoredArray], part: str, task: Task
) -> StoredArray:
    """The labels that belong to the inputs.

    Raises:
        DataError: There is none of that name, or it is not obvious which it is.
    """
    if settings.labels:
        return _given(file, settings.labels, part, "labels")
    used = {array.name for array in inputs}
    candidates = [name for name in _candidates(file, part) if name not in used]
    group = inputs[0].name.rpartition("/")[0]
    beside = [name for name in candidates if name.rpartition("/")[0] == group]
    words = (*_MASKS, *_LABELS) if task == "image_segmentation" else (*_LABELS, *_MASKS)
    for names in (beside, candidates):
        found = _best(names, words)
        if len(found) == 1:
            return file.arrays[found[0]]
    if not found:
        _refuse_unusable(file, words, part)
    same_length = [name for name in candidates if file.arrays[name].shape[0] == inputs[0].shape[0]]
    if not found and len(same_length) == 1:
        return file.arrays[same_length[0]]
    raise DataError(_not_obvious(file, found, "labels", part))


def choose_class_names(file: ArrayFile, settings: ArraySettings) -> tuple[str, ...]:
    """Names of the classes by number; none where nothing says them.

    A text file of names is looked for in the folder of the data.

    Raises:
        DataError: They are asked for and not there, or they are no list of names.
    """
    wanted = settings.class_names
    if not wanted:
        found = [name for words in _NAMES for name in file.arrays if words_end_with(name, words)]
        usable = [name for name in found if file.arrays[name].dtype.kind in "OSU" and _is_list(file.arrays[name])]
        # A feature of records has a row per record, and so no list of its own.
        return _texts(file.arrays[usable[0]]) if usable and file.noun != "feature" else ()
    folders = (*([file.place] if file.place.is_dir() else []), file.place.parent)
    paths = [folder / Path(wanted).expanduser() for folder in folders]
    path = next((path for path in paths if path.is_file()), None)
    if wanted not in file.arrays and path is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(line.strip() for line in lines if line.strip())
    if file.noun == "feature":
        raise DataError(f"The file {paths[0]}, which class_names of the loader names, does not exist.")
    array = file.get(wanted, "class_names")
    if not _is_list(array):
        raise DataError(f"{describe_array(array)} is no list of class names. Expected text of shape (classes,).")
    return _texts(array)


def column_names(file: ArrayFile, inputs: Sequence[StoredArray]) -> tuple[str, ...]:
    """Names of the columns of a table, as stored or counted."""
    widths = [array.shape[1] if len(array.shape) > 1 else 1 for array in inputs]
    for name, array in file.arrays.items():
        is_names = any(words_end_with(name, words) for words in _COLUMN_NAMES)
        if is_names and array.shape == (sum(widths),) and array.dtype.kind in "OSU":
            return _texts(array)
    if len(inputs) == 1 and widths[0] > 1:
        return tuple(f"column {number}" for number in range(widths[0]))
    return tuple(
        array.name if width == 1 else f"{array.name} {number}"
        for array, width in zip(inputs, widths, strict=True)
        for number in range(width)
    )


def words_end_with(name: str, words: tuple[str, ...]) -> bool:
    """Whether a name ends with these words, whatever part of the data it speaks of."""
    return without_part(name)[-len(words) :] == words


def _given(file: ArrayFile, name: str, part: str, setting: str) -> StoredArray:
    names = filled_in(name, part)
    return file.get(next((other for other in names if other in file.arrays), names[0]), setting)


def _candidates(file: ArrayFile, part: str) -> list[str]:
    is_name = {name for words in (*_NAMES, *_COLUMN_NAMES) for name in file.arrays if words_end_with(name, words)}
    return names_for(part, [name for name in file.arrays if name not in is_name])


def _best(names: Sequence[str], words: Sequence[str]) -> list[str]:
    """The names whose last word comes first among `words`."""
    for word in words:
        found = [name for name in names if words_end_with(name, (word,))]
        if found:
            return found
    return []


def _columns(file: ArrayFile, candidates: Sequence[str]) -> list[str]:
    """All arrays of single numbers that are not called as labels."""
    labels = _best(candidates, _LABELS)
    return [
        name
        for name in candidates
        if name not in labels and len(file.arrays[name].shape) == 1 and file.arrays[name].dtype.kind in "biuf"
    ]


def _refuse_unusable(file: ArrayFile, words: Sequence[str], part: str) -> None:
    """Say why what is called as it should be cannot be used, rather than that nothing is called so."""
    if found := _best(names_for(part, list(file.refused)), words):
        file.get(found[0], "")


def _not_obvious(file: ArrayFile, found: Sequence[str], what: str, part: str) -> str:
    reason = f"{', '.join(found)} all could be" if found else "no name says"
    which = "" if found else f" which {file.noun}s are"
    return (
        f"It is not obvious which {file.noun} of {file.place} holds the {what} of the {part} data: {reason}{which}. "
        f"Name it in the loader's argument {what}. The file has {file.listing()}."
    )


def _is_list(array: StoredArray) -> bool:
    return len(array.shape) == 1 and array.dtype.kind in "OSU"


def _texts(array: StoredArray) -> tuple[str, ...]:
    return tuple(text_of(value) for value in array.read(np.arange(array.shape[0])).tolist())
