"""Decodes one sample's picture beside the window, with its labels and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Signal

from app.pages.data.items import PART_TITLES, SampleItems
from app.pages.data.outbox import Outbox, Put
from app.pages.data.thumbnails import Pixels
from app.widgets.format import format_bytes
from trainer.data.contact_sheet import LabelledPicture, labelled_pixels
from trainer.data.drawing import label_text
from trainer.data.part_samples import picture_file
from trainer.data.sample_index import SampleIndex
from trainer.data.statistics import read_header
from trainer.errors import DataError

_SIDE_PX = 900


@dataclass(frozen=True, slots=True)
class RawPicture:
    """A sample as it is stored.

    Attributes:
        item: Number of the sample.
        pixels: Its picture, uint8 of shape (height, width, 3); `None` if it cannot be read.
        facts: Captions and what they say.
        fault: Why it cannot be read; empty if it can.
    """

    item: int
    pixels: Pixels | None
    facts: tuple[tuple[str, str], ...]
    fault: str = ""


class RawPictures(QObject):
    """Decodes one picture after the other in a thread of the global pool.

    Signals:
        ready: A `RawPicture`, for the last one that was asked for.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._outbox = Outbox(self)
        self._outbox.arrived.connect(self._take)

    def want(self, items: SampleItems, item: int, *, with_labels: bool) -> None:
        """Decode this one; what was asked for before does not come any more."""
        self._number += 1
        number = self._number

        def work(put: Put) -> None:
            put((number, _raw_picture(items, item, with_labels=with_labels)))

        self._outbox.start(QThreadPool.globalInstance(), work)

    def _take(self, made: tuple[int, RawPicture]) -> None:
        number, picture = made
        if number == self._number:
            self.ready.emit(picture)


def _raw_picture(items: SampleItems, item: int, *, with_labels: bool) -> RawPicture:
    index, number = items.sample(item)
    name = items.part(item).name
    facts = [("Part", PART_TITLES.get(name, name))]
    if index.mask_names is None:
        facts.append(("Label", label_text(index, number)))
    try:
        assert index.raw is not None
        pixels = index.raw.picture(number)
        mask = index.raw.mask(number) if index.mask_names is not None else None
        facts += _file_facts(index, number, pixels.shape[1], pixels.shape[0])
    except (DataError, OSError, ValueError) as error:
        return RawPicture(item, None, tuple(facts), str(error))
    corners, classes = index.boxes.of(number) if index.boxes is not None else (None, None)
    if mask is not None:
        facts.append(("Mask", _mask_text(mask, index)))
    if not with_labels:
        mask = corners = classes = None
    drawn = labelled_pixels(LabelledPicture("raw", pixels, "", mask, corners, classes), index.class_names, _SIDE_PX)
    return RawPicture(item, drawn, tuple(facts))


def _file_facts(index: SampleIndex, number: int, width: int, height: int) -> list[tuple[str, str]]:
    facts = [("Size", f"{width:,} × {height:,} px")]
    path = picture_file(index, number)
    if path is None:
        return [*facts, ("File", str(index.place))]
    header = read_header(path)
    mode = f", {header[2]}" if header is not None else ""
    return [*facts, ("File", f"{format_bytes(path.stat().st_size)}{mode}")]


def _mask_text(mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], index: SampleIndex) -> str:
    counts = np.bincount(mask.ravel(), minlength=256)
    names = index.class_names
    shares = [f"{name} {counts[number] / mask.size:.0%}" for number, name in enumerate(names) if counts[number]]
    ignored = counts[len(names) :].sum()
    return ", ".join([*shares, f"not counted {ignored / mask.size:.0%}"] if ignored else shares)
