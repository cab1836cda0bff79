"""The settings, as a tree or as YAML; both show the same text, live."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from app.config_tree.tree import ConfigTree
from app.icons import icon
from app.project.project import Project
from app.yaml_view.view import YamlView
from trainer.errors import Problem


class SettingsPanel(QWidget):
    """Tree and YAML view of the open project in tabs."""

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.tree = ConfigTree(project)
        self._yaml: YamlView | None = None
        self.tabs = QTabWidget()
        self.tabs.setTabPosition(QTabWidget.TabPosition.South)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.tree, icon("sliders-horizontal"), "Tree")
        self._yaml_holder = QWidget()
        holder_layout = QVBoxLayout(self._yaml_holder)
        holder_layout.setContentsMargins(0, 0, 0, 0)
        self.tabs.addTab(self._yaml_holder, icon("code"), "YAML")
        self.tabs.currentChanged.connect(self._on_tab)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.tree.yaml_wanted.connect(self._show_in_yaml)
        self.setFocusProxy(self.tree)
        self.setMinimumWidth(280)

    @property
    def yaml(self) -> YamlView:
        """The YAML view, made when it is first wanted."""
        if self._yaml is None:
            self._yaml = YamlView(self._project)
            layout = self._yaml_holder.layout()
            assert layout is not None
            layout.addWidget(self._yaml)
        return self._yaml

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
