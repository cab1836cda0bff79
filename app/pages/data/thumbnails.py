"""Small pictures of samples, decoded by a few threads; what scrolled away is not decoded any more.

Only arrays cross from these threads to the window's, which alone makes objects of Qt: PySide's list of such objects is
not safe while another thread adds to it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThread, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from app.pages.data.items import SampleItems
from app.pages.data.outbox import Outbox, Put
from trainer.data.drawing import labelled_picture
from trainer.errors import DataError

_NUM_THREADS = 2
_MOST_KEPT = 800
Pixels = NDArray[np.uint8]


class Thumbnails(QObject):
    """Pictures by item, made in the background and kept until others need the room.

    Signals:
        ready: Item whose picture can be painted now.
    """

    ready = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items = SampleItems(())
        self._generation = 0
        self._kept: OrderedDict[int, QPixmap] = OrderedDict()
        self._wanted: list[int] = []
        self._being_made: set[int] = set()
        self._lock = threading.Lock()
        self._num_at_work = 0
        self._side_px = 112
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(_NUM_THREADS)
        self._pool.setThreadPriority(QThread.Priority.LowPriority)
        self._outbox = Outbox(self)
        self._outbox.arrived.connect(self._take)
        self.num_decoded = 0

    def show(self, items: SampleItems, side_px: int) -> None:
        """Begin anew with other samples or another size; what was made of the same samples is kept."""
        is_same = side_px == self._side_px and items.has_same_pictures(self._items)
        with self._lock:
            self._items, self._side_px = items, side_px
            if is_same:
                return
            self._generation += 1
            self._wanted.clear()
            self._being_made.clear()
        self._kept.clear()

    def picture(self, item: int) -> QPixmap | None:
        """The picture of a sample; `None` while it is still to be made, null where it cannot be read."""
        found = self._kept.get(item)
        if found is not None:
            self._kept.move_to_end(item)
        return found

    def want(self, visible: Iterable[int]) -> None:
        """These are on screen now, in order; whatever else was asked for is not needed any more."""
        with self._lock:
            missing = [item for item in visible if item not in self._kept and item not in self._being_made]
            self._wanted = missing[::-1]
            num_new = min(_NUM_THREADS - self._num_at_work, len(missing))
            self._num_at_work += max(0, num_new)
        for _ in range(num_new):
            self._outbox.start(self._pool, self._work)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being decoded."""
        return self._outbox.is_idle

    def close(self) -> None:
        """Drop what is still wanted and wait for what is being decoded."""
        with self._lock:
            self._wanted.clear()
            self._generation += 1
        self._pool.waitForDone(2000)

    def _work(self, put: Put) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._num_at_work -= 1
                    return
                item = self._wanted.pop()
                self._being_made.add(item)
                items, side_px, generation = self._items, self._side_px, self._generation
            put((generation, item, _decoded(items, item, side_px)))

    def _take(self, made: tuple[int, int, Pixels | None]) -> None:
        generation, item, pixels = made
        if generation != self._generation:
            return
        self._being_made.discard(item)
        self.num_decoded += 1
        self._kept[item] = QPixmap() if pixels is None else QPixmap.fromImage(image_of(pixels))
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(item)


def _decoded(items: SampleItems, item: int, side_px: int) -> Pixels | None:
    """uint8, shape (height, width, 3); `None` for a picture that cannot be read."""
    index, number = items.sample(item)
    try:
        return labelled_picture(index, number, side_px, with_names=False)
    except (DataError, OSError, ValueError):
        return None


def image_of(pixels: Pixels) -> QImage:
    """A picture of uint8 and shape (height, width, 3) as an image of its own."""
    array = np.ascontiguousarray(pixels, np.uint8)
    height, width = array.shape[:2]
    return QImage(array.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
