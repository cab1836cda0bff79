"""What the data is like as a whole: parts, classes, pictures, and what is wrong with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.pages.data.histogram import MOST_SHOWN, Bar, ClassHistogram
from app.pages.data.items import PART_TITLES
from app.pages.data.reading import DataFound
from app.widgets.labels import IconLabel, SecondaryLabel
from trainer.data.balance import ClassBalance
from trainer.data.checks import KIND_TITLES
from trainer.data.drawing import class_color
from trainer.data.sample_index import DataProblem

_MOST_PROBLEMS = 2000
_PROBLEMS_HEIGHT_PX = 176
_MARK_PX = 16
_SLACK_PX = 24
_PADDING_PX = 3
_BASELINE_PX = 2
"""By how much small text starts lower, to stand on one line with normal text."""


class DataSummary(QScrollArea):
    """The panel beside the grid.

    Signals:
        class_chosen: Number of a class to show alone; -1 for all.
        problem_opened: A `DataProblem` whose sample is to be shown.
        check_wanted: Every sample is to be read.
        cancel_wanted: Reading is to end.
    """

    class_chosen = Signal(int)
    problem_opened = Signal(object)
    check_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(232)
        self.histogram = ClassHistogram()
        self.histogram.chosen.connect(self.class_chosen)
        self.verdict = _Verdict()
        self.problems = QListWidget()
        self.problems.setAccessibleName("Problems of the data")
        self.problems.setItemDelegate(_WholeTexts(self.problems))
        self.problems.setWordWrap(True)
        self.problems.setResizeMode(QListWidget.ResizeMode.Adjust)  # lines are broken anew at another width
        self.problems.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.problems.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.problems.setMinimumHeight(_PROBLEMS_HEIGHT_PX)
        self.problems.setIconSize(QSize(_MARK_PX, _MARK_PX))
        self.problems.setSpacing(2)
        self.problems.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.problems.setToolTip("Enter or a double click shows the sample")
        self.problems.itemActivated.connect(self._open)
        self.problems.itemDoubleClicked.connect(self._open)
        self._parts, self._pictures = _Figures(), _Figures()
        self.classes_title, self.problems_title = _title("Classes"), _title("Problems")
        self.state = SecondaryLabel()
        self.state.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.check_button = QPushButton("Check every file")
        self.check_button.clicked.connect(self.check_wanted)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self._pictures_title = _title("Pictures")
        self._build()

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 0, 4, 0)
        column.setSpacing(6)
        for widget in (
            _title("Parts"),
            self._parts,
            self.classes_title,
            self.histogram,
            self._pictures_title,
            self._pictures,
            self.problems_title,
            self.verdict,
            self.problems,
            self.state,
            self.progress,
            self.check_button,
            self.cancel_button,
        ):
            column.addWidget(widget)
        column.setStretchFactor(self.problems, 100)  # takes what is left where it is shown
        column.addStretch(1)
        self.setWidget(content)

    def show_found(self, found: DataFound, base_dir: Path) -> None:
        """Show what is known so far."""
        self._parts.show_rows(_part_rows(found))
        self._show_classes(found)
        if not found.is_checked:
            self._show_beginning(found)
        rows = _picture_rows(found)
        self._pictures.show_rows(rows)
        self._pictures_title.setVisible(bool(rows))
        self.verdict.show_found(found)
        self._show_problems(found, base_dir)

    def _show_beginning(self, found: DataFound) -> None:
        """What was said of other data does not hold for these."""
        is_table = found.report.parts[0].index.raw is None
        self.state.setText("Looking at the rows …" if is_table else "Looking at the pictures …")
        self.state.show()
        self.progress.setMaximum(0)
        self.progress.show()
        for button in (self.check_button, self.cancel_button):
            button.hide()

    def show_progress(self, done: int, total: int) -> None:
        """Show how many samples were read."""
        self.state.setText(f"Reading samples: {done:,} of {total:,}")
        self.progress.setMaximum(max(total, 1))
        self.progress.setValue(done)
        self.progress.show()
        self.cancel_button.show()
        self.check_button.hide()

    def show_ended(self, found: DataFound | None) -> None:
        """Nothing is being read any more."""
        self.progress.hide()
        self.cancel_button.hide()
        is_part = found is not None and not found.is_whole
        self.check_button.setVisible(is_part)
        if found is None:
            return
        total = sum(part.num_samples + len(part.left_out) for part in found.report.parts)
        if found.is_whole:
            text = f"All {total:,} samples were read." if found.report.num_read else ""
        else:
            text = f"{found.report.num_read:,} of {total:,} samples were read; duplicates were not looked for."
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def _show_classes(self, found: DataFound) -> None:
        bars, title = _class_bars(found), "Classes"
        if found.report.parts[0].index.boxes is not None:
            title = "Boxes of each class"
        elif len(found.mask_shares):
            title = "Pixels of each class"
        hidden = len(bars) - MOST_SHOWN
        self.classes_title.setText(f"{title} · first {MOST_SHOWN} of {len(bars):,}" if hidden > 0 else title)
        self.classes_title.setVisible(bool(bars))
        self.histogram.setVisible(bool(bars))
        self.histogram.show_bars(_colored(bars, found))

    def _show_problems(self, found: DataFound, base_dir: Path) -> None:
        problems = found.report.problems
        self.problems.clear()
        for problem in problems[:_MOST_PROBLEMS]:
            self.problems.addItem(_problem_row(problem, base_dir))
        if len(problems) > _MOST_PROBLEMS:
            more = QListWidgetItem(f"… and {len(problems) - _MOST_PROBLEMS:,} more: `gardener check` lists them all.")
            more.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.problems.addItem(more)
        count = f"{len(problems):,} problem{'' if len(problems) == 1 else 's'}"
        none = "No problems found" if found.is_checked else "No problems so far"
        self.problems_title.setText(count if problems else none)
        self.problems.setVisible(bool(problems))

    def _open(self, row: QListWidgetItem) -> None:
        problem = row.data(Qt.ItemDataRole.UserRole)
        if isinstance(problem, DataProblem):
            self.problem_opened.emit(problem)


class _WholeTexts(QStyledItemDelegate):
    """Rows with room for all of their text: Qt measures it a little wider than it is drawn, and cuts its end off."""

    def __init__(self, owner: QListWidget) -> None:
        super().__init__(owner)
        self._list = owner

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = self._list.viewport().width() - _MARK_PX - _SLACK_PX
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        bounds = option.fontMetrics.boundingRect(QRect(0, 0, width, 0), int(flags), str(index.data()))
        return QSize(width, bounds.height() + 2 * _PADDING_PX)


class _Verdict(QWidget):
    """Whether a training with the samples would begin, where some of them cannot be used."""

    def __init__(self) -> None:
        super().__init__()
        self._mark = IconLabel(_MARK_PX)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.label, 1)
        self.hide()

    def show_found(self, found: DataFound) -> None:
        """Show what follows from what was found."""
        parts = found.report.parts
        left_out = sum(len(part.left_out) for part in parts)
        is_known = found.is_checked and (left_out > 0 or bool(found.refusals))
        self.setVisible(is_known)
        if not is_known:
            return
        if found.refusals:
            self._mark.set_icon("triangle-alert", "error")
            self.label.setText(f"Training is refused: {found.refusals[0].message}")
            return
        total = sum(part.num_samples for part in parts) + left_out
        self._mark.set_icon("circle-check", "accent")
        self.label.setText(
            f"Can be trained without {left_out:,} of {total:,} samples ({left_out / total:.1%}); "
            f"up to {found.report.most_unusable_fraction:.1%} are tolerated."
        )


class _Figures(QWidget):
    """Captions left, figures right."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[str, str]] = []

    def show_rows(self, rows: list[tuple[str, str]]) -> None:
        """Show these captions and figures."""
        if rows == self._rows:
            return
        self._rows = rows
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for number, (caption, figure) in enumerate(rows):
            label = QLabel(figure)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            small = SecondaryLabel(caption)
            small.setContentsMargins(0, _BASELINE_PX, 0, 0)
            self._grid.addWidget(small, number, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label, number, 1)
        self.setVisible(bool(rows))


def _title(text: str) -> QLabel:
    label = QLabel(text)
    font = QFont(label.font())
    font.setBold(True)
    label.setFont(font)
    label.setContentsMargins(0, 8, 0, 0)
    return label


def _part_rows(found: DataFound) -> list[tuple[str, str]]:
    rows = []
    for part in found.report.parts:
        held_out = ", held out" if part.is_held_out else ""
        rows.append((f"{PART_TITLES.get(part.name, part.name)}{held_out}", f"{part.num_samples:,}"))
    left_out = sum(len(part.left_out) for part in found.report.parts)
    if left_out:
        rows.append(("Left out", f"{left_out:,}"))
    return rows


def _class_bars(found: DataFound) -> list[Bar]:
    names = found.report.class_names
    if len(found.mask_shares):
        return [Bar(name, share, f"{share:.1%}") for name, share in zip(names, found.mask_shares.tolist(), strict=True)]
    if found.balance:
        return [
            Bar(
                item.name,
                item.before,
                _balanced_text(item),
                item.after,
                f"{item.before:,} samples, {item.after:,} per epoch after balancing, weight {item.weight:.3g}",
            )
            for item in found.balance
        ]
    counts = [part.class_counts for part in found.report.parts]
    if not len(counts[0]):
        return []
    tips = [
        ", ".join(
            f"{int(of_part[number]):,} {part.name}" for part, of_part in zip(found.report.parts, counts, strict=True)
        )
        for number in range(len(names))
    ]
    first = counts[0].tolist()
    return [Bar(name, count, f"{count:,}", None, tip) for name, count, tip in zip(names, first, tips, strict=True)]


def _colored(bars: list[Bar], found: DataFound) -> list[Bar]:
    """With the colours in which masks and boxes are drawn; the background of masks is not drawn."""
    if found.report.parts[0].index.boxes is None and not len(found.mask_shares):
        return bars
    first = 1 if len(found.mask_shares) and len(bars) > 1 else 0
    colors = [None if number < first else QColor(*class_color(number)) for number in range(len(bars))]
    return [dataclasses.replace(bar, color=color) for bar, color in zip(bars, colors, strict=True)]


def _balanced_text(item: ClassBalance) -> str:
    if item.after != item.before:
        return f"{item.before:,} → {item.after:,}"
    return f"{item.before:,} × {item.weight:.3g}" if item.weight != 1 else f"{item.before:,}"


def _picture_rows(found: DataFound) -> list[tuple[str, str]]:
    statistics = found.statistics
    if statistics is None:
        return []
    rows = [("Size", statistics.sizes_text), ("Colours", statistics.kinds_text or "unknown")]
    if len(statistics.mean):
        mean, deviation = statistics.mean, statistics.deviation
        is_grey = bool((abs(mean - mean[0]) < 0.5).all())
        shown = slice(0, 1) if is_grey else slice(0, 3)
        rows.append(("Mean" if is_grey else "Mean R, G, B", ", ".join(f"{value:.0f}" for value in mean[shown])))
        rows.append(("Deviation", ", ".join(f"{value:.0f}" for value in deviation[shown])))
    if statistics.num_looked_at < statistics.num_samples:
        rows.append(("Looked at", f"{statistics.num_looked_at:,} headers"))
    return rows


def _problem_row(problem: DataProblem, base_dir: Path) -> QListWidgetItem:
    path = Path(problem.file)
    file = str(path.relative_to(base_dir)) if problem.file and path.is_relative_to(base_dir) else problem.file
    short = "/".join(Path(file).parts[-2:]) if file else ""
    place = ", ".join(text for text in (short, problem.place) if text)
    message = problem.message[:1].upper() + problem.message[1:]
    row = QListWidgetItem(icon("triangle-alert", problem.severity), f"{place}\n{message}" if place else message)
    row.setToolTip(f"{KIND_TITLES[problem.kind]}\n{problem.file}\n{problem.message}")
    row.setData(Qt.ItemDataRole.UserRole, problem)
    return row
