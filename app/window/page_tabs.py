"""The pages of the window as tabs, each with an icon and a shortcut."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QTabWidget, QWidget

from app.icons import icon

_ICONS = {"Data": "images", "Train": "activity", "Runs": "list"}


def page_tabs(pages: Mapping[str, QWidget]) -> QTabWidget:
    """Make a tab for each page by its title, in that order."""
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    for number, (title, page) in enumerate(pages.items(), start=1):
        tabs.addTab(page, icon(_ICONS[title]), title)
        tabs.setTabToolTip(number - 1, f"{title} (Ctrl+{number})")
    return tabs
