"""A row of the tree: label, lazily built editor, and problems under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyqtgraph.parametertree import ParameterItem
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QIcon
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from app.config_tree.editors import Editor, make_editor
from app.config_tree.editors.editor import ROW_HEIGHT_PX
from app.config_tree.row import Row
from app.config_tree.row_state import RowState
from app.icons import icon
from app.theme import secondary_font, theme
from trainer.errors import Problem

_MESSAGE_PADDING_PX = 8


class MessageItem(QTreeWidgetItem):
    """The sentence under a row that has a problem."""

    param = None

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren)
        self.setText(0, problem.message)
        self.setFont(0, secondary_font())
        self.setToolTip(0, problem.message)
        self.restyle()

    def restyle(self) -> None:
        """Take the colour of the theme."""
        is_error = self.problem.severity == "error"
        self.setForeground(0, QBrush(theme().error if is_error else theme().warning))

    def treeWidgetChanged(self) -> None:
        """Span the row; pyqtgraph calls this after an item came into the tree."""
        self.setFirstColumnSpanned(True)

    def fit(self, width_px: int) -> bool:
        """Be as high as the sentence is at a width; gives whether that is another height."""
        metrics = QFontMetrics(self.font(0))
        bounds = metrics.boundingRect(0, 0, max(80, width_px), 10_000, Qt.TextFlag.TextWordWrap, self.text(0))
        size = QSize(0, bounds.height() + _MESSAGE_PADDING_PX)
        if size == self.sizeHint(0):
            return False
        self.setSizeHint(0, size)
        return True


class NoteItem(MessageItem):
    """What came of something that was done with a row: one sentence, its details in the tooltip."""

    def __init__(self, text: str, tone: str, details: str) -> None:
        self.tone = tone
        super().__init__(Problem("", text))
        self.details = details
        self.setToolTip(0, details or text)

    def restyle(self) -> None:
        self.setForeground(0, QBrush(getattr(theme(), self.tone)))


class SettingItem(ParameterItem):  # type: ignore[misc]
    """A row. What it shows comes in through `show_state` and `show_problems`; edits leave through its editor."""

    def __init__(self, param: Any, depth: int = 0) -> None:
        super().__init__(param, depth)
        self.row: Row = param.row
        self.editor: Editor | None = None
        self.state: RowState | None = None
        self.is_active = True
        self.problems: tuple[Problem, ...] = ()
        self.note: NoteItem | None = None
        self.holds_problem = False
        self.setSizeHint(0, QSize(0, ROW_HEIGHT_PX))
        self.setToolTip(0, self.row.tooltip())
        self._set_indicator(self.row.is_heading)
        if self.row.kind == "section":
            self.setFont(0, _weighted(self.font(0), QFont.Weight.DemiBold))
        elif self.row.kind == "group":
            self.setFont(0, secondary_font())
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        is_quiet = self.row.kind == "group" or not self.is_active
        self.setForeground(0, QBrush(theme().secondary_text) if is_quiet else QBrush())
        for message in self.messages():
            message.restyle()

    def treeWidgetChanged(self) -> None:
        self.setExpanded(bool(self.param.opts["expanded"]))
        if self.row.is_heading:
            self.setFirstColumnSpanned(True)

    def itemClicked(self, _column: int) -> None:
        """A click on a heading opens and closes it."""
        if self.row.is_heading:
            self.setExpanded(not self.isExpanded())

    def isFocusable(self) -> bool:
        return self.editor is not None and not self.isHidden()

    def setFocus(self) -> None:
        if self.editor is not None:
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def ensure_editor(self, project: Any) -> Editor | None:
        """Build the editor if the row has none yet; gives it only when it is new."""
        if self.editor is not None or self.row.is_heading or self.treeWidget() is None:
            return None
        self.editor = make_editor(self.row, project)
        self.editor.setToolTip(self.row.tooltip())
        # pyqtgraph's own version wraps every widget once more, for items that are dragged about.
        QTreeWidget.setItemWidget(self.treeWidget(), self, 1, self.editor)
        if self.state is not None:
            self.editor.show_state(self.state.value, is_changed=self.state.is_changed)
        self.editor.setEnabled(self.is_active)
        return self.editor

    def show_state(self, state: RowState, *, is_active: bool) -> None:
        """Show a value, and whether it can be changed now."""
        if self.state is None or repr(state) != repr(self.state):  # 1, 1.0 and True are equal but not the same
            was_changed = self.state.is_changed if self.state is not None else False
            self.state = state
            self.show_note("")
            self.param.setValue(state.value)
            if was_changed != state.is_changed:
                self.setFont(0, _weighted(self.font(0), QFont.Weight.Bold if state.is_changed else QFont.Weight.Normal))
        if self.editor is not None:
            self.editor.show_state(state.value, is_changed=state.is_changed)
        if is_active != self.is_active:
            self.is_active = is_active
            self.restyle()
            if self.editor is not None:
                self.editor.setEnabled(is_active)

    def show_problems(self, problems: Sequence[Problem], *, holds_problem: bool) -> None:
        """Show the sentences of this row's problems, and a mark for them or for those of rows inside."""
        if holds_problem != self.holds_problem:
            self.holds_problem = holds_problem
            self.setIcon(0, icon("triangle-alert", "error") if holds_problem else QIcon())
        if tuple(problems) == self.problems:
            return
        is_new = not self.problems
        self.problems = tuple(problems)
        for message in self.messages():
            if message is not self.note:
                self.removeChild(message)
        for position, problem in enumerate(problems):
            message = MessageItem(problem)
            self.insertChild(position, message)
            message.treeWidgetChanged()
        if is_new or not self.can_expand:
            self.setExpanded(True)

    def show_note(self, text: str, tone: str = "secondary_text", details: str = "") -> None:
        """Show a sentence in one of the theme's colours under the row; an empty one takes it away.

        It also goes when the row gets another value, as it was about the one before.
        """
        if self.note is not None:
            self.removeChild(self.note)
            self.note = None
        if text:
            self.note = NoteItem(text, tone, details)
            self.insertChild(len(self.messages()), self.note)
            self.note.treeWidgetChanged()
            self.setExpanded(True)

    def messages(self) -> list[MessageItem]:
        """The sentences under the row: its problems, then a note if there is one."""
        children = [self.child(position) for position in range(self.childCount())]
        return [child for child in children if isinstance(child, MessageItem)]

    def setting_children(self) -> list[SettingItem]:
        """The rows inside this one."""
        children = [self.child(position) for position in range(self.childCount())]
        return [child for child in children if isinstance(child, SettingItem)]

    @property
    def can_expand(self) -> bool:
        """Whether the row has an arrow: it holds, or will hold, rows of its own."""
        return self._can_expand

    def set_can_expand(self, can_expand: bool) -> None:
        """Whether there are arguments or items to show."""
        if can_expand != self._can_expand:
            self._set_indicator(can_expand)

    def childAdded(self, param: Any, child: Any, pos: int) -> None:
        """Show a parameter's new child; pyqtgraph tells once more of those that opening a new row made in it."""
        if any(item.param is child for item in self.setting_children()):
            return
        super().childAdded(param, child, pos + len(self.messages()))

    def _set_indicator(self, can_expand: bool) -> None:
        self._can_expand = can_expand
        policy = QTreeWidgetItem.ChildIndicatorPolicy
        self.setChildIndicatorPolicy(policy.ShowIndicator if can_expand else policy.DontShowIndicatorWhenChildless)


def _weighted(font: QFont, weight: QFont.Weight) -> QFont:
    font = QFont(font)
    font.setWeight(weight)
    return font
