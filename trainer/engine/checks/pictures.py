"""Is enough left of the pictures at the size that the model gets?"""

from __future__ import annotations

import numpy as np

from trainer.data.path_list import PathList
from trainer.data.pictures.picture_facts import look_at_pictures
from trainer.data.sample_index import SampleIndex
from trainer.engine.checks.finding import Finding
from trainer.engine.checks.subject import Subject
from trainer.errors import DataError

_SMALLEST_SIDE = 16
"""Below this, hardly anything can be told from a picture, and poolings leave nothing of it."""
_MOST_SHRUNK = 4.0
_USUAL_SIDE = 224


def check_picture_size(subject: Subject) -> list[Finding]:
    """The pictures as they are stored beside `data.image_size`; nothing where there are no pictures to be known of."""
    data = subject.session.data
    if data is None or data.indexes is None:
        return []
    received = _received_size(data.indexes()["train"])
    return [] if received is None else [judge_size(received, subject.config.data.image_size)]


def judge_size(received: tuple[int, int], wanted: tuple[int, int]) -> Finding:
    """Judge the size that pictures are brought to.

    Args:
        received: Height and width as they are stored; of different ones, the middle.
        wanted: Height and width that the model gets.
    """
    text = f"Stored: {_size(received)}; the model gets {_size(wanted)}"
    shrunk = min(own / new for own, new in zip(received, wanted, strict=True))
    better = min(min(received), _USUAL_SIDE)
    if min(wanted) < _SMALLEST_SIDE and better > min(wanted):
        advice = f"So little is left that hardly anything can be learned: set data.image_size to [{better}, {better}]."
        return Finding("picture_size", "Picture size", "warn", f"{text}.", advice)
    if shrunk > _MOST_SHRUNK:
        advice = (
            f"What is smaller than {shrunk:.0f} pixels vanishes. If it matters, raise data.image_size, such as to "
            f"{[2 * side for side in wanted]}, or cut the pictures into pieces."
        )
        return Finding("picture_size", "Picture size", "warn", f"{text}, {shrunk:.0f} × smaller.", advice)
    return Finding("picture_size", "Picture size", "pass", f"{text}.")


def _received_size(index: SampleIndex) -> tuple[int, int] | None:
    """Height and width in the middle of some samples; `None` for rows of a table, or where none can be read."""
    if index.raw is None:
        return None
    if isinstance(index.names, PathList):
        facts = look_at_pictures(index.place, index.names)
        return (int(np.median(facts.heights)), int(np.median(facts.widths))) if facts.num_read else None
    first = next((number for number in range(index.num_samples) if number not in index.unusable), None)
    try:
        shape = index.raw.picture(first).shape if first is not None else None
    except DataError:
        return None
    return None if shape is None else (shape[0], shape[1])


def _size(height_width: tuple[int, int]) -> str:
    height, width = height_width
    return f"{width} × {height} pixels"
