"""The settings, as a tree or as YAML; both show the same text, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from app.icons import icon
from app.project.project import Project
from trainer.errors import Problem

if TYPE_CHECKING:
    from app.config_tree.tree import ConfigTree
    from app.yaml_view.view import YamlView


class SettingsPanel(QWidget):
    """Tree and YAML view of the open project in tabs; each is made when it is first wanted.

    Signals:
        trial_wanted: Dotted key of a component to try out.
        curve_wanted: The learning rate over training is to be shown.
        finder_wanted: A learning rate is to be found.
    """

    trial_wanted = Signal(str)
    curve_wanted = Signal()
    finder_wanted = Signal()

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._tree: ConfigTree | None = None
        self._yaml: YamlView | None = None
        self.tabs = QTabWidget()
        self.tabs.setTabPosition(QTabWidget.TabPosition.South)
        self.tabs.setDocumentMode(True)
        self._tree_holder, self._yaml_holder = _Holder(), _Holder()
        self.tabs.addTab(self._tree_holder, icon("sliders-horizontal"), "Tree")
        self.tabs.addTab(self._yaml_holder, icon("code"), "YAML")
        self.tabs.currentChanged.connect(self._on_tab)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.setMinimumWidth(280)

    @property
    def tree(self) -> ConfigTree:
        """The tree of settings."""
        if self._tree is None:
            from app.config_tree.tree import ConfigTree

            self._tree = ConfigTree(self._project)
            self._tree.yaml_wanted.connect(self._show_in_yaml)
            self._tree.trial_wanted.connect(self.trial_wanted)
            self._tree.curve_wanted.connect(self.curve_wanted)
            self._tree.finder_wanted.connect(self.finder_wanted)
            self._tree_holder.hold(self._tree)
            self.setFocusProxy(self._tree)
        return self._tree

    @property
    def yaml(self) -> YamlView:
        """The YAML view."""
        if self._yaml is None:
            from app.yaml_view.view import YamlView

            self._yaml = YamlView(self._project)
            self._yaml_holder.hold(self._yaml)
        return self._yaml

    def build(self) -> None:
        """Make the tree now, so that showing it takes no time."""
        assert self.tree is not None

    def showEvent(self, event: QShowEvent) -> None:
        self.build()
        super().showEvent(event)

    def show_view(self, name: str) -> None:
        """Show `tree` or `yaml`."""
        self.tabs.setCurrentIndex(1 if name == "yaml" else 0)
        (self.yaml if name == "yaml" else self.tree).setFocus()

    def jump_to(self, problem: Problem) -> None:
        """Show where a problem is: its row, or its line where the text cannot be read as a tree."""
        if not problem.key and problem.line is not None:
            self.show_view("yaml")
            self.yaml.go_to_line(problem.line)
            return
        self.show_view("tree")
        self.tree.jump_to(problem.key)

    def _show_in_yaml(self, key: str) -> None:
        self.show_view("yaml")
        self.yaml.go_to_key(key)

    def _on_tab(self, index: int) -> None:
        if index == 1:
            self.yaml.setFocus()


class _Holder(QWidget):
    """The page of a tab before and after its content is made."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def hold(self, content: QWidget) -> None:
        """Show this from now on."""
        self._layout.addWidget(content)
