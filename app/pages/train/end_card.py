"""Why the run ended, what it left, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
)

from app.icons import icon
from app.pages.train.end_summary import EndSummary
from app.theme import mono_font, theme, theme_changed
from app.widgets.buttons import push_button, set_button_text
from app.widgets.colors import blend
from app.widgets.labels import ElidedLabel, IconLabel, SecondaryLabel

_MOST_TRACE_LINES_SHOWN = 10


class EndCard(QFrame):
    """Replaces the progress row once a run is over."""

    continue_clicked = Signal()
    open_folder_clicked = Signal()
    view_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.summary: EndSummary | None = None
        self._icon = IconLabel(20)
        self.sentence = _wrapped_label()
        self.extent = SecondaryLabel()
        self.advice = _wrapped_label()
        self.place = _wrapped_label()
        self.place.setFont(mono_font())
        self.continue_button = push_button("play", "Continue", color="accent")
        self.continue_button.setToolTip("Go on training from the last checkpoint")
        self.continue_button.clicked.connect(self.continue_clicked)
        self.folder_button = push_button("folder-open", "Open folder")
        self.folder_button.setToolTip("Show the run's files")
        self.folder_button.clicked.connect(self.open_folder_clicked)
        self.copy_button = push_button("copy", "Copy details")
        self.copy_button.setToolTip("Copy all of this as text, with the traceback if there is one")
        self.copy_button.clicked.connect(self.copy_details)
        self.trace_toggle = QToolButton()
        self.trace_toggle.setText("Traceback")
        self.trace_toggle.setCheckable(True)
        self.trace_toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.trace_toggle.toggled.connect(self._show_trace)
        self.trace = QPlainTextEdit()
        self.trace.setReadOnly(True)
        self.trace.setFont(mono_font())
        self.trace.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._facts = QGridLayout()
        self._build()
        theme_changed.changed.connect(self._restyle)

    def show_summary(self, summary: EndSummary) -> None:
        """Show this; the traceback starts folded."""
        if summary == self.summary:
            return
        self.summary = summary
        self._icon.set_icon(summary.icon, summary.tone)
        self.sentence.setText(f"<b>{_escaped(summary.title)}</b>&nbsp; {_escaped(summary.sentence)}")
        self.extent.setText(summary.extent)
        self.advice.setText(_escaped(summary.advice))
        self._set_or_hide(self.place, _escaped(summary.place))
        self.continue_button.setVisible(summary.can_continue)
        set_button_text(self.continue_button, summary.continue_text)
        self._fill_facts(summary.facts)
        self.trace.setPlainText(summary.trace)
        self.trace_toggle.setVisible(bool(summary.trace))
        self.trace_toggle.setChecked(False)
        self._show_trace(False)
        self._restyle()

    def copy_details(self) -> None:
        """Copy everything as plain text."""
        if self.summary is not None:
            QGuiApplication.clipboard().setText(self.summary.as_text())
            set_button_text(self.copy_button, "Copied")
            self.copy_button.setIcon(icon("check"))

    def _build(self) -> None:
        self.setObjectName("end")
        heading = QHBoxLayout()
        heading.setSpacing(8)
        heading.addWidget(self._icon, alignment=Qt.AlignmentFlag.AlignTop)
        heading.addWidget(self.sentence, 1)
        heading.addWidget(self.extent, alignment=Qt.AlignmentFlag.AlignTop)
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(2)
        self._facts.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.advice, 1)
        buttons.addStretch(0)
        for button in (self.trace_toggle, self.copy_button, self.folder_button, self.continue_button):
            buttons.addWidget(button, alignment=Qt.AlignmentFlag.AlignBottom)
        body = QVBoxLayout()
        body.setContentsMargins(28, 0, 0, 0)
        body.setSpacing(6)
        body.addWidget(self.place)
        body.addLayout(self._facts)
        body.addLayout(buttons)
        body.addWidget(self.trace)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        layout.addLayout(heading)
        layout.addLayout(body)

    def _fill_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for row, (caption, text) in enumerate(facts):
            value = ElidedLabel(text)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addWidget(SecondaryLabel(caption), row, 0)
            self._facts.addWidget(value, row, 1)

    def _show_trace(self, is_shown: bool) -> None:
        self.trace_toggle.setIcon(icon("chevron-down" if is_shown else "chevron-right"))
        lines = min(_MOST_TRACE_LINES_SHOWN, self.trace.blockCount())
        self.trace.setFixedHeight(lines * self.trace.fontMetrics().lineSpacing() + 24)
        self.trace.setVisible(is_shown)
        self.view_changed.emit()

    def _set_or_hide(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _restyle(self) -> None:
        set_button_text(self.copy_button, "Copy details")
        self.copy_button.setIcon(icon("copy"))
        if self.summary is None:
            return
        colors = theme()
        tone = getattr(colors, self.summary.tone)
        self.setStyleSheet(
            f"#end {{ background: {blend(colors.surface, tone, 0.06).name()}; border: 1px solid"
            f" {blend(colors.border, tone, 0.35).name()}; border-radius: 4px; }}"
        )


def _wrapped_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
