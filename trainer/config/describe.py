"""The schema as a list of rows: what the tree, the reference, the messages and the tooltips are made from."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.fields import Section
from trainer.config.task import PICTURE_TASKS, TASKS

Kind = Literal["section", "bool", "int", "float", "text", "choice", "size", "component", "components"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One row.

    Attributes:
        key: Dotted key, such as `training.epochs`.
        kind: What it holds. `size` is (height, width); `component` and `components` hold one or several
            choices with arguments.
        default: Plain value when nothing is given; `None` for sections.
        minimum: Lowest value, `None` without bound; `exclusive_minimum` when it is itself refused.
        maximum: Highest value; `exclusive_maximum` alike.
        choices: Allowed texts of a `choice`.
        optional: Whether it may be empty (`null`).
        advanced: Shown only when all settings are shown.
        picker: `folder` or `file` for paths.
        component: Kind of component (`optimizer`, `loss` ...).
        visible_when: `(sibling name, value)` under which the row matters.
        tasks: The tasks on which it has an effect; empty for all.
        children: Rows of a section.
    """

    key: str
    kind: Kind
    title: str
    description: str
    default: Any = None
    unit: str = ""
    minimum: float | None = None
    exclusive_minimum: bool = False
    maximum: float | None = None
    exclusive_maximum: bool = False
    choices: tuple[str, ...] = ()
    optional: bool = False
    advanced: bool = False
    picker: str = ""
    component: str = ""
    visible_when: tuple[str, Any] | None = None
    tasks: tuple[str, ...] = ()
    children: tuple[Setting, ...] = ()

    @property
    def name(self) -> str:
        """Last part of the key."""
        return self.key.rpartition(".")[2]

    def expectation(self) -> str:
        """What a value must be, to stand after 'Expected'."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        if self.kind == "bool":
            return "true or false"
        if self.kind == "size":
            return f"height and width in pixels{self.range_text()}, such as [32, 32]"
        if self.kind == "text":
            return "a text" + (" or nothing" if self.optional else " that is not empty" if self.minimum else "")
        noun = "a whole number" if self.kind == "int" else "a number"
        return f"{noun}{self.range_text()}"

    def range_text(self) -> str:
        """The bounds in words, with a leading space; empty without bounds."""
        if self.kind == "text":
            return ""
        low = _bound(self.minimum, "above" if self.exclusive_minimum else "of at least")
        high = _bound(self.maximum, "below" if self.exclusive_maximum else "at most")
        if low and high and not self.exclusive_minimum and not self.exclusive_maximum:
            return f" from {_number(self.minimum)} to {_number(self.maximum)}"
        return "".join([f" {low}" if low else "", " and" if low and high else "", f" {high}" if high else ""])

    def tasks_text(self) -> str:
        """The tasks on which it has an effect as a sentence; empty where that is all."""
        if self.tasks == PICTURE_TASKS:
            return "Only for pictures."
        titles = [facts.title.lower() for task, facts in TASKS.items() if task in self.tasks]
        return f"Only for the tasks {', '.join(titles[:-1])} and {titles[-1]}." if titles else ""

    def walk(self) -> Iterator[Setting]:
        """This row and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def _bound(value: float | None, words: str) -> str:
    return "" if value is None else f"{words} {_number(value)}"


def _number(value: float | None) -> str:
    return f"{value:,.12g}" if value is not None else ""


@functools.cache
def describe() -> tuple[Setting, ...]:
    """The sections of a configuration, in the order of the file."""
    return tuple(row for row in _rows(Config, "") if row.kind == "section")


@functools.cache
def all_settings() -> dict[str, Setting]:
    """Every row by its dotted key, sections included."""
    return {row.key: row for section in describe() for row in section.walk()}


def _rows(model: type[BaseModel], prefix: str, *, tasks: tuple[str, ...] = ()) -> list[Setting]:
    return [_row(f"{prefix}{name}", info, tasks=tasks) for name, info in model.model_fields.items()]


def _row(key: str, info: FieldInfo, *, tasks: tuple[str, ...]) -> Setting:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    hints = {str(name).removeprefix("x-"): value for name, value in extra.items()}
    inner, optional = _without_none(info.annotation)
    kind, choices = _kind(inner)
    visible: Any = hints.get("visible_when")
    own_tasks: Any = hints.get("tasks", tasks)
    return Setting(
        key=key,
        kind=kind,
        title=info.title or key,
        description=info.description or "",
        default=None if kind == "section" else _plain(info.get_default(call_default_factory=False)),
        unit=str(hints.get("unit", "")),
        choices=choices,
        optional=optional,
        advanced=bool(hints.get("advanced", False)),
        picker=str(hints.get("picker", "")),
        component=str(hints.get("component", "")),
        visible_when=(visible[0], visible[1]) if visible else None,
        tasks=tuple(own_tasks),
        children=tuple(_rows(inner, f"{key}.", tasks=tuple(own_tasks))) if kind == "section" else (),
        **_bounds(info, kind),
    )


def _bounds(info: FieldInfo, kind: Kind) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    metadata = list(info.metadata)
    if kind == "size":
        metadata += _size_metadata(info.annotation)
    for mark in metadata:
        match mark:
            case annotated_types.Ge(ge=value):
                bounds |= {"minimum": value}
            case annotated_types.Gt(gt=value):
                bounds |= {"minimum": value, "exclusive_minimum": True}
            case annotated_types.Le(le=value):
                bounds |= {"maximum": value}
            case annotated_types.Lt(lt=value):
                bounds |= {"maximum": value, "exclusive_maximum": True}
            case annotated_types.MinLen(min_length=value):
                bounds |= {"minimum": value}
    return bounds


def _size_metadata(annotation: Any) -> list[Any]:
    side = typing.get_args(annotation)[0]
    return [mark for info in typing.get_args(side)[1:] for mark in info.metadata]


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(annotation) if option is not type(None)]
        return options[0], len(options) < len(typing.get_args(annotation))
    return annotation, False


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice", tuple(str(choice) for choice in typing.get_args(annotation))
    if origin is tuple:
        first = typing.get_args(annotation)[0]
        return ("components" if first is Component else "size"), ()
    if annotation is Component:
        return "component", ()
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "section", ()
    simple: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "text"}
    return simple[annotation], ()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
