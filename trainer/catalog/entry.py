"""What the catalog knows of a component: its name, what it is for, and its arguments."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ComponentKind = Literal[
    "loader",
    "preprocessing",
    "augmentation",
    "model",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "callback",
    "training_loop",
    "output",
]
ArgumentKind = Literal["bool", "int", "float", "text", "choice", "list", "any", "component", "components"]


class Argument(BaseModel):
    """One argument of a component.

    `default` is a plain value; where Keras' own default is an object that plain values can't express, the
    kind is `any` and the argument is `optional`: leaving it out keeps that default. An argument of kind `component`
    or `components` holds choices of its own, each `{name, file, arguments}`; `component` says of which kind. A `list`
    with `choices` may hold any of them. `minimum` and `maximum` are allowed themselves.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ArgumentKind = "any"
    default: Any = None
    required: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    component: str = ""
    unit: str = ""
    group: str = ""
    advanced: bool = False


class Entry(BaseModel):
    """A component that can be chosen by name.

    `smallest_side` is the least height and width in pixels that a model accepts, 0 without limit. `presets` are sets
    of arguments by name, such as `easy`. `file` and `line` are where it is defined in the user's file, empty for a
    built-in one. `unusable_because` says why it cannot be used as this kind and is empty where it can; such an entry is
    found by name, so that it can be explained, but not offered. `tasks` are those it is for, empty for all that fit its
    inputs and outputs.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ComponentKind
    title: str = ""
    description: str = ""
    group: str = ""
    arguments: tuple[Argument, ...] = ()
    takes_any_argument: bool = False
    smallest_side: int = 0
    presets: dict[str, dict[str, Any]] = {}
    file: str = ""
    line: int | None = None
    unusable_because: str = ""
    tasks: tuple[str, ...] = ()

    def argument(self, name: str) -> Argument | None:
        """The argument of that name, or `None`."""
        return next((argument for argument in self.arguments if argument.name == name), None)
