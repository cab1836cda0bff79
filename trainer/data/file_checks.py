"""What only shows when samples are read: files that cannot be decoded, masks of another size than their picture."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from trainer.data.part_samples import mask_file, picture_file
from trainer.data.pictures.pillow_picture import unreadable_because
from trainer.data.sample_index import DataProblem, SampleIndex
from trainer.data.statistics import IsCancelled, never, read_header
from trainer.errors import DataError

Progress = Callable[[int, int], None]
_PROGRESS_EVERY = 50


def ignore_progress(done: int, total: int) -> None:
    """Tells nobody."""


def broken_samples(
    indexes: Mapping[str, SampleIndex],
    *,
    most: int = 0,
    progress: Progress = ignore_progress,
    is_cancelled: IsCancelled = never,
) -> tuple[dict[str, dict[int, DataProblem]], int]:
    """Decode samples to see whether that works.

    Args:
        indexes: What `open_data` gives.
        most: Samples to read at most, spread evenly; 0 for all.
        progress: Told samples done and their number.
        is_cancelled: Asked between samples.

    Returns:
        By part, the problem of every sample (by number) that cannot be used; and how many were read.
    """
    total = sum(index.num_samples for index in indexes.values() if index.raw is not None)
    step = max(1.0, total / most) if most else 1.0
    wanted = int(total / step)
    found: dict[str, dict[int, DataProblem]] = {}
    done = 0
    for part, index in indexes.items():
        found[part] = {}
        for number in np.arange(0, index.num_samples if index.raw is not None else 0, step).astype(int).tolist():
            if is_cancelled():
                return found, done
            if number not in index.unusable and (problem := problem_of_sample(index, number)) is not None:
                found[part][number] = problem
            done += 1
            if done % _PROGRESS_EVERY == 0:
                progress(done, wanted)
    progress(wanted, wanted)
    return found, done


def without(
    indexes: Mapping[str, SampleIndex], broken: Mapping[str, Mapping[int, DataProblem]]
) -> dict[str, SampleIndex]:
    """The same data with these samples marked as unusable, and their problems."""
    return {
        part: dataclasses.replace(
            index,
            unusable={**index.unusable, **{number: problem.message for number, problem in broken[part].items()}},
            problems=(*index.problems, *broken[part].values()),
        )
        for part, index in indexes.items()
    }


def problem_of_sample(index: SampleIndex, number: int) -> DataProblem | None:
    """What is wrong with the picture or the mask of a sample; `None` if both can be used."""
    path = picture_file(index, number)
    reason = _fault_of_file(path) if path is not None else _fault_of_raw(index, number)
    if reason:
        place = "" if path is not None else index.names[number]
        return DataProblem("unreadable", reason, str(path or index.place), place)
    if index.mask_names is None or index.raw is None:
        return None
    return _fault_of_mask(index, number, path)


def _fault_of_mask(index: SampleIndex, number: int, path: Path | None) -> DataProblem | None:
    assert index.raw is not None
    mask_path = mask_file(index, number)
    try:
        height, width = index.raw.mask(number).shape[:2]
    except (DataError, OSError, ValueError) as error:
        is_value = isinstance(error, DataError) and "value" in str(error)
        return DataProblem("mask_value" if is_value else "unreadable", str(error), str(mask_path or index.place))
    size = read_header(path) if path is not None else None
    if size is not None and size[:2] != (width, height):
        message = (
            f"The mask has {width} × {height} pixels and its picture {index.names[number]} {size[0]} × {size[1]}. "
            "Both must be of the same size."
        )
        return DataProblem("size_mismatch", message, str(mask_path or index.place))
    return None


def _fault_of_raw(index: SampleIndex, number: int) -> str:
    assert index.raw is not None
    try:
        index.raw.picture(number)
    except (DataError, OSError, ValueError) as error:
        return str(error)
    return ""


def _fault_of_file(path: Path) -> str:
    """Why a picture cannot be decoded; empty if it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                picture.load()
    except UnidentifiedImageError:
        return "The file is no picture, or of a kind that cannot be read." if _length(path) else "The file is empty."
    except FileNotFoundError:
        return "The file does not exist."
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = unreadable_because(path, error)
        return f"{reason[0].upper()}{reason[1:]}."
    return ""


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
