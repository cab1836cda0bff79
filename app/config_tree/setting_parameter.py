"""pyqtgraph parameters that keep every value exactly as it is."""

from __future__ import annotations

from typing import Any

from pyqtgraph.parametertree import Parameter

from app.config_tree.row import Row
from app.config_tree.setting_item import SettingItem


class SettingParameter(Parameter):  # type: ignore[misc]
    """One row's value. Nothing is coerced, clamped or replaced: 1, 1.0, True, None and '' are all different.

    Args:
        row: What the parameter stands for.
        expanded: Whether its children are shown at first.
    """

    def __init__(self, row: Row, *, expanded: bool = False) -> None:
        self.row = row
        super().__init__(name=row.key, title=row.title, type=None, expanded=expanded)

    @property
    def itemClass(self) -> type[SettingItem]:
        return SettingItem

    def setValue(self, value: Any, blockSignal: Any = None) -> Any:
        if not same_value(self.opts.get("value"), value):
            self.opts["value"] = value
            if not blockSignal:
                self.sigValueChanged.emit(self, value)
        return value


def same_value(first: Any, second: Any) -> bool:
    """Equality that also tells 1, 1.0 and True apart, at any depth."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same_value(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same_value, first, second))
    return bool(first == second)
