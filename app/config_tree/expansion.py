"""Which rows are open, remembered between starts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QSettings

from app.config_tree.row_tree import RowTree, walk
from app.config_tree.setting_item import SettingItem

_KEY = "config_tree/expanded"


class Expansion:
    """Remembers what a person opened and closed; not what a search or a problem opened."""

    def __init__(self, tree: RowTree, settings: QSettings) -> None:
        self._tree = tree
        self._settings = settings
        self._chosen: dict[str, bool] = {}
        self._is_quiet = False
        stored = settings.value(_KEY, [])
        for text in stored if isinstance(stored, list) else [stored]:
            if isinstance(text, str) and text[1:]:
                self._chosen[text[1:]] = text[0] == "+"
        tree.itemExpanded.connect(self._note)
        tree.itemCollapsed.connect(self._note)

    def restore(self) -> None:
        """Open and close rows as they were left."""
        with self.quiet():
            for item in list(walk(self._tree.top_items())):
                wanted = self._chosen.get(item.row.key, bool(item.param.opts["expanded"]))
                if item.can_expand and item.isExpanded() != wanted:
                    item.setExpanded(wanted)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """What opens and closes in here is not a person's choice."""
        was_quiet, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = was_quiet

    def _note(self, item: SettingItem) -> None:
        if self._is_quiet or not item.can_expand:
            return
        self._chosen[item.row.key] = item.isExpanded()
        self._settings.setValue(_KEY, [f"{'+' if open_ else '-'}{key}" for key, open_ in self._chosen.items()])
