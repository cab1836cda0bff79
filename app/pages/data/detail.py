"""One sample large: as it is stored, beside what the network gets."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.pages.data.items import SampleItems
from app.pages.data.picture_view import PictureView
from app.pages.data.preview_job import NUM_SHOWN, PreviewJob, PreviewResult
from app.pages.data.raw_picture import RawPicture, RawPictures
from app.pages.data.thumbnails import image_of
from app.project.project import Project
from app.widgets.buttons import push_button, set_button_text, tool_button
from app.widgets.labels import ElidedLabel, SecondaryLabel

_SHOW, _RESHUFFLE = "Show what the network gets", "Reshuffle"
_EXPLANATION = "Preprocessed and augmented as in training. Keras has to start for it, which takes some seconds."
_COLUMNS = 2


class SampleDetail(QWidget):
    """The large view. Left and Right step through the samples, R reshuffles, Escape goes back.

    Signals:
        closed: Back to the grid.
        stepped: By how many samples to move on: 1 or -1.
    """

    closed = Signal()
    stepped = Signal(int)

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = SampleItems(())
        self._item = -1
        self._seed = 0
        self._is_wanted = False
        self._result: PreviewResult | None = None
        self._first_shown = 0
        self.preview = PreviewJob(project, self)
        self.preview.done.connect(self._show_preview)
        self.preview.failed.connect(self._show_failure)
        self._raw_pictures = RawPictures(self)
        self._raw_pictures.ready.connect(self._show_raw)
        self.back = push_button("chevron-left", "All samples")
        self.back.setToolTip("Back to all samples (Esc)")
        self.back.clicked.connect(self.closed)
        self.name = ElidedLabel()
        self.with_labels = QCheckBox("Labels")
        self.with_labels.setChecked(True)
        self.with_labels.setToolTip("Draw masks and boxes over the stored picture")
        self.with_labels.toggled.connect(lambda: self._ask_for_raw())
        self.raw = PictureView(240)
        self.facts = SecondaryLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.facts.setMinimumHeight(2 * self.facts.fontMetrics().lineSpacing())  # the picture below stays where it is
        self.faults = QLabel()
        self.faults.setWordWrap(True)
        self.faults.setTextFormat(Qt.TextFormat.PlainText)
        self.shuffle = push_button("refresh-cw", _SHOW)
        self.shuffle.setToolTip("Preprocessed and augmented as in training; again for other variants (R)")
        self.shuffle.clicked.connect(self._reshuffle)
        self.said = SecondaryLabel()
        self.said.setWordWrap(True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setFixedHeight(4)
        self.busy.setTextVisible(False)
        self.pictures = [PictureView() for _ in range(1 + NUM_SHOWN)]
        self._build()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for widget in (self.back, self.with_labels, self.shuffle):  # a click must not take the arrow keys away
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.back)
        for icon_name, tip, step in (("chevron-left", "Previous (Left)", -1), ("chevron-right", "Next (Right)", 1)):
            button = tool_button(icon_name, tip)
            button.clicked.connect(lambda _=False, step=step: self.stepped.emit(step))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            top.addWidget(button)
        top.addWidget(self.name, 1)
        top.addWidget(self.with_labels)
        left = QVBoxLayout()
        left.addWidget(self.facts)
        left.addWidget(self.faults)
        left.addWidget(self.raw, 1)
        grid = QGridLayout()
        grid.setSpacing(6)
        for number, picture in enumerate(self.pictures):
            grid.addWidget(picture, number // _COLUMNS, number % _COLUMNS)
        right = QVBoxLayout()
        right.addWidget(self.shuffle, alignment=Qt.AlignmentFlag.AlignLeft)
        right.addWidget(self.said)
        right.addWidget(self.busy)
        right.addLayout(grid, 1)
        self.busy.hide()
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addLayout(left, 3)
        body.addLayout(right, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addLayout(body, 1)

    @property
    def item(self) -> int:
        """The sample that is shown; -1 for none."""
        return self._item

    def show_item(self, items: SampleItems, item: int) -> None:
        """Show a sample; its preview is made at once if one was asked for before."""
        self._items, self._item = items, item
        self.name.set_whole_text(items.name(item))
        self.raw.show_image(self.raw.image if self.isVisible() else type(self.raw.image)())
        problems = items.problems_of.get(item, [])
        self.faults.setText("\n".join(problem.message for problem in problems))
        self.faults.setVisible(bool(problems))
        self._ask_for_raw()
        self._clear_preview()
        can_preview = not items.is_left_out(item)
        self.shuffle.setEnabled(can_preview)
        if not can_preview:
            self.said.setText("This sample is left out of training.")
        elif self._is_wanted:
            self._begin()

    def forget_previews(self) -> None:
        """The settings have changed: what the network gets may be another thing."""
        if self._item >= 0:
            self._clear_preview()
            if self._is_wanted and self.isVisible() and self.shuffle.isEnabled():
                self._begin()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.closed.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.stepped.emit(1 if key == Qt.Key.Key_Right else -1)
        elif key == Qt.Key.Key_R and self.shuffle.isEnabled():
            self._reshuffle()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.preview.cancel()
        self.busy.hide()

    def _ask_for_raw(self) -> None:
        if self._item >= 0:
            self._raw_pictures.want(self._items, self._item, with_labels=self.with_labels.isChecked())

    def _show_raw(self, picture: RawPicture) -> None:
        if picture.pixels is None:
            self.raw.show_missing("This picture cannot be read.")
        else:
            self.raw.show_image(image_of(picture.pixels), "as stored")
        self.facts.setText("   ".join(f"{caption}: {text}" for caption, text in picture.facts if text))
        if picture.fault and not self._items.problems_of.get(self._item):
            self.faults.setText(picture.fault)
            self.faults.show()

    def _reshuffle(self) -> None:
        """Show other variants: those that were made along, then newly made ones."""
        result = self._result
        if result is not None and self._first_shown + NUM_SHOWN < len(result.augmented):
            self._first_shown += NUM_SHOWN
            self._show_variants(result)
            return
        if self._is_wanted:
            self._seed += 1
        self._is_wanted = True
        self._begin()

    def _begin(self) -> None:
        self.said.setText("Starting Keras …")
        self.busy.show()
        set_button_text(self.shuffle, _RESHUFFLE)
        self.preview.begin(self._items.part(self._item).name, self._items.name(self._item), self._seed)

    def _clear_preview(self) -> None:
        self.preview.cancel()
        self._result = None
        self.busy.hide()
        self.said.setText("" if self._is_wanted else _EXPLANATION)
        for picture in self.pictures:
            picture.show_image(type(picture.image)())

    def _show_preview(self, result: PreviewResult) -> None:
        self.busy.hide()
        self.said.clear()
        self._result, self._first_shown = result, 0
        self._show_variants(result)
        if not result.is_augmented:
            is_train = self._items.part(self._item).name == "train"
            self.said.setText("No augmentation is set." if is_train else "Only training pictures are augmented.")
        elif result.augmentation_ms is not None:
            self.said.setText(f"Augmentation takes {result.augmentation_ms:.2g} ms per picture here.")

    def _show_variants(self, result: PreviewResult) -> None:
        shown = [*result.preprocessed, *result.augmented[self._first_shown : self._first_shown + NUM_SHOWN]]
        for view, picture in zip(self.pictures, shown, strict=False):
            caption = f"{picture.kind} · {picture.label}" if picture.label else picture.kind
            view.show_image(picture.image, caption)

    def _show_failure(self, message: str) -> None:
        self.busy.hide()
        self._is_wanted = False
        set_button_text(self.shuffle, _SHOW)
        self.said.setText(message)
