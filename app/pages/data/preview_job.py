"""Has a sample preprocessed and augmented by the trainer, in a process of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, Signal
from PySide6.QtGui import QImage

from app.project.project import Project
from app.training.quick_job import QuickJob
from app.training.snapshot import Snapshot, refusal
from trainer.errors import ConfigError

NUM_SHOWN = 5
NUM_MADE = 20
_SIDE_PX = 256


@dataclass(frozen=True, slots=True)
class PreviewPicture:
    """One picture as the network gets it.

    Attributes:
        kind: `raw`, `preprocessed` or `augmented`.
        label: What it is labelled.
        image: The picture, with mask and boxes.
    """

    kind: str
    label: str
    image: QImage


@dataclass(frozen=True, slots=True)
class PreviewResult:
    """What came of it.

    Attributes:
        preprocessed: The picture as it is without random changes; one.
        augmented: Variants of it; none where it is not augmented.
        is_augmented: Whether training changes these pictures at random.
        augmentation_ms: What that costs per picture; `None` if unknown.
    """

    preprocessed: tuple[PreviewPicture, ...]
    augmented: tuple[PreviewPicture, ...]
    is_augmented: bool
    augmentation_ms: float | None


class PreviewJob(QObject):
    """Runs `gardener preview` for one sample after the other; a new one ends the one before.

    Signals:
        done: A `PreviewResult`.
        failed: Why there is none.
    """

    done = Signal(object)
    failed = Signal(str)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._job: QuickJob | None = None
        self._snapshot: Snapshot | None = None
        self._scratch = QTemporaryDir()

    @property
    def is_running(self) -> bool:
        """Whether a preview is being made."""
        return self._job is not None

    def begin(self, part: str, name: str, seed: int) -> None:
        """Make the preview of a sample, beside the window."""
        self.cancel()
        try:
            self._snapshot = Snapshot(self._project)
        except ConfigError as error:
            self.failed.emit(refusal(error))
            return
        out = Path(self._scratch.path()) / "preview.png"
        arguments = ["preview", str(self._snapshot.path), "--out", str(out), "--part", part, f"--samples={name}"]
        arguments += ["--augmented", str(NUM_MADE), "--seed", str(seed), "--side", str(_SIDE_PX), "--json"]
        self._job = QuickJob(arguments, self._on_done, self._on_failed, self)

    def cancel(self) -> None:
        """Give up what is being made."""
        if self._job is not None:
            self._job.cancel()
        self._clear()

    def _clear(self) -> None:
        self._job = None
        if self._snapshot is not None:
            self._snapshot.remove()
            self._snapshot = None

    def _on_done(self, lines: list[str]) -> None:
        self._clear()
        told = json.loads(lines[-1])
        sheet = QImage(told["file"])
        pictures = [
            PreviewPicture(cell["kind"], cell["label"], sheet.copy(*cell["rectangle"])) for cell in told["cells"]
        ]
        preprocessed, augmented = (
            tuple(picture for picture in pictures if picture.kind == kind) for kind in ("preprocessed", "augmented")
        )
        self.done.emit(PreviewResult(preprocessed, augmented, told["is_augmented"], told["augmentation_ms"]))

    def _on_failed(self, message: str) -> None:
        self._clear()
        self.failed.emit(message)
