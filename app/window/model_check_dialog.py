"""Checks the model on its data before training, and says what each check found and what to do about it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QScrollArea, QWidget

from app.project.project import Project
from app.widgets.buttons import push_button
from app.widgets.labels import IconLabel, SecondaryLabel
from app.window.job_dialog import JobDialog

_ICONS = {"pass": ("circle-check", "accent"), "warn": ("triangle-alert", "warning"), "fail": ("circle-x", "error")}
_HELP = "The model is built as for training and takes a few steps. Nothing of it is kept."
_SIZE_PX = (760, 620)


class ModelCheckDialog(JobDialog):
    """Shows what `gardener probe` finds, a row for each check."""

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        self.findings: list[dict[str, str]] = []
        self._rows = QGridLayout()
        super().__init__("Check model", self._body(), project, parent)
        self.resize(*_SIZE_PX)
        self.overfit = QCheckBox("Also learn one batch by heart")
        self.overfit.setToolTip("Up to 100 steps on the same batch: a network that cannot do that learns nothing")
        self.copy_button = push_button("copy", "Copy")
        self.copy_button.setToolTip("Copy all findings as text")
        self.copy_button.clicked.connect(self.copy)
        self.copy_button.setAutoDefault(False)
        self.again_button = push_button("refresh-cw", "Check again")
        self.again_button.clicked.connect(self.begin)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self._cancel_or_close)
        for button in (self.overfit, self.copy_button, self.again_button, self.cancel_button):
            self.buttons.addWidget(button)
        self.show_busy(False)

    def begin(self) -> None:
        """Check the present settings."""
        self._show_findings([])
        self.say(f"Preparing the data and the model … {_HELP}", "secondary_text")
        self.run(["probe", *(["--overfit"] if self.overfit.isChecked() else [])])

    def show_progress(self, done: int, total: int) -> None:
        self.say(f"Checking, step {done} of {total} … {_HELP}", "secondary_text")

    def show_result(self, answer: dict[str, Any]) -> None:
        self._show_findings(answer["findings"])
        counts = {outcome: sum(item["outcome"] == outcome for item in self.findings) for outcome in _ICONS}
        if counts["fail"]:
            self.say(f"{_number(counts['fail'], 'check')} failed: training cannot go well like this.", "error")
        elif counts["warn"]:
            self.say(f"No check failed; {_number(counts['warn'], 'finding')} to look at.", "warning")
        else:
            self.say("Nothing found that stands against training.", "accent")

    def show_busy(self, is_busy: bool) -> None:
        self.copy_button.setEnabled(bool(self.findings) and not is_busy)
        self.again_button.setEnabled(not is_busy)
        self.overfit.setEnabled(not is_busy)
        self.cancel_button.setText("Cancel" if is_busy else "Close")

    def copy(self) -> None:
        """Copy what was found as plain text."""
        lines = [f"{item['outcome']}: {item['title']}: {item['text']} {item['advice']}" for item in self.findings]
        QGuiApplication.clipboard().setText("\n".join(line.strip() for line in lines))

    def _show_findings(self, findings: list[dict[str, str]]) -> None:
        self.findings = findings
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, finding in enumerate(findings):
            mark = IconLabel()
            mark.set_icon(*_ICONS[finding["outcome"]])
            mark.setAccessibleName(finding["outcome"])
            title = QLabel(finding["title"])
            self._rows.addWidget(mark, 2 * row, 0, Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(title, 2 * row, 1, Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(_wrapped(QLabel(finding["text"])), 2 * row, 2)
            if finding["advice"]:
                self._rows.addWidget(_wrapped(SecondaryLabel(finding["advice"])), 2 * row + 1, 2)
        self._rows.setRowStretch(2 * len(findings), 1)
        self.copy_button.setEnabled(bool(findings))

    def _body(self) -> QWidget:
        self._rows.setContentsMargins(0, 0, 6, 0)
        self._rows.setHorizontalSpacing(8)
        self._rows.setVerticalSpacing(6)
        self._rows.setColumnStretch(2, 1)
        inside = QWidget()
        inside.setLayout(self._rows)
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(inside)
        return area

    def _cancel_or_close(self) -> None:
        if not self.is_busy:
            self.close()
            return
        self.cancel()
        self.say("Cancelled.", "secondary_text")


def _wrapped(label: QLabel) -> QLabel:
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"
