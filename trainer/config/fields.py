"""The one way to declare a setting: default, title, description, unit and bounds in one place."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from trainer.config.task import Task


def setting(
    default: Any,
    title: str,
    description: str,
    *,
    unit: str = "",
    advanced: bool = False,
    picker: str = "",
    component: str = "",
    visible_when: tuple[str, Any] | None = None,
    tasks: tuple[Task, ...] = (),
    **bounds: Any,
) -> Any:
    """Declare a setting of a section.

    Args:
        default: Value when the YAML does not mention the setting.
        title: Label of the row, in sentence case.
        description: What the setting does and how to choose it; the tooltip and the reference text.
        unit: Unit shown after the value, such as `px`.
        advanced: Shown only when all settings are shown.
        picker: `folder` or `file` where the value is a path that a dialog can choose.
        component: Kind of component (`optimizer`, `loss` ...) for fields that hold one.
        visible_when: `(sibling, value)`: the row matters only while the sibling has that value.
        tasks: The tasks on which it has an effect, of a section on all that is in it; empty for all.
        **bounds: `ge`, `gt`, `le`, `lt`, `min_length`, `pattern` as in pydantic's `Field`.
    """
    hints = {
        "unit": unit,
        "advanced": advanced,
        "picker": picker,
        "component": component,
        "visible_when": list(visible_when) if visible_when else None,
        "tasks": list(tasks),
    }
    shown: dict[str, Any] = {f"x-{name}": value for name, value in hints.items() if value}
    return Field(default, title=title, description=description, json_schema_extra=shown or None, **bounds)


class Section(BaseModel):
    """A group of settings. Frozen; unknown keys are errors; numbers never come from booleans."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_boolean_numbers(cls, value: Any, info: Any) -> Any:
        values = value if isinstance(value, (list, tuple)) else (value,)
        annotation = cls.model_fields[info.field_name].annotation
        if any(isinstance(item, bool) for item in values) and _wants_number(annotation):
            raise PydanticCustomError("number_expected", "Input should be a number")
        return value


def _wants_number(annotation: Any) -> bool:
    """Whether it is a number, an optional one, or a tuple of them; bounds do not matter."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple):
        options = typing.get_args(annotation)
        return bool not in options and any(_wants_number(option) for option in options)
    return annotation in (int, float)
