"""What is asked when the window is closed while a run is being trained."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget


class RunningQuestion(QMessageBox):
    """Asks whether training goes on without the window. `keep` and `stop` are its buttons beside Cancel."""

    def __init__(self, parent: QWidget, run_name: str) -> None:
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(f"{run_name} is still being trained.")
        self.setInformativeText("It can go on without the window; open ModelGardener again to watch it.")
        self.keep: QPushButton = self.addButton("Close and keep training", QMessageBox.ButtonRole.AcceptRole)
        self.stop: QPushButton = self.addButton("Stop now and close", QMessageBox.ButtonRole.DestructiveRole)
        self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(self.keep)
        self.finished.connect(self.deleteLater)
