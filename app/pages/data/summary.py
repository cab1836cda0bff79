"""What the data is like as a whole: parts, classes, pictures, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.pages.data.histogram import MOST_SHOWN, Bar, ClassHistogram
from app.pages.data.reading import DataFound
from app.widgets.labels import SecondaryLabel
from trainer.data.balance import ClassBalance
from trainer.data.checks import KIND_TITLES
from trainer.data.sample_index import DataProblem

_MOST_PROBLEMS = 2000
_PROBLEMS_HEIGHT_PX = 176


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
        self.problems = QListWidget()
        self.problems.setAccessibleName("Problems of the data")
        self.problems.setWordWrap(True)
        self.problems.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.problems.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.problems.setMinimumHeight(_PROBLEMS_HEIGHT_PX)
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
            self.problems,
            self.state,
            self.progress,
            self.check_button,
            self.cancel_button,
        ):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(content)

    def show_found(self, found: DataFound, base_dir: Path) -> None:
        """Show what is known so far."""
        self._parts.show_rows(_part_rows(found))
        self._show_classes(found)
        rows = _picture_rows(found)
        self._pictures.show_rows(rows)
        self._pictures_title.setVisible(bool(rows))
        self._show_problems(found, base_dir)

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
        self.histogram.show_bars(bars)

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
        self.problems_title.setText(count if problems else "No problems found")
        self.problems.setVisible(bool(problems))

    def _open(self, row: QListWidgetItem) -> None:
        problem = row.data(Qt.ItemDataRole.UserRole)
        if isinstance(problem, DataProblem):
            self.problem_opened.emit(problem)


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
            self._grid.addWidget(SecondaryLabel(caption), number, 0, Qt.AlignmentFlag.AlignTop)
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
    titles = {"train": "Training", "validation": "Validation", "test": "Test"}
    rows = []
    for part in found.report.parts:
        held_out = ", held out" if part.is_held_out else ""
        rows.append((f"{titles.get(part.name, part.name)}{held_out}", f"{part.num_samples:,}"))
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
    row = QListWidgetItem(
        icon("triangle-alert", problem.severity), f"{place}\n{problem.message}" if place else problem.message
    )
    row.setToolTip(f"{KIND_TITLES[problem.kind]}\n{problem.file}\n{problem.message}")
    row.setData(Qt.ItemDataRole.UserRole, problem)
    return row
