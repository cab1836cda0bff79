"""What one row of the tree is: a setting of the schema, an argument of a component, or an item of a list."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Literal

from app.config_tree.exact_text import literal_text
from trainer.catalog.entry import Argument
from trainer.config.describe import Setting

RowKind = Literal[
    "section",
    "group",
    "bool",
    "int",
    "float",
    "text",
    "choice",
    "size",
    "component",
    "components",
    "literal",
    "new_argument",
]
HOLDERS: frozenset[RowKind] = frozenset({"component", "components"})
"""Kinds of row whose rows inside depend on what the project holds."""
_ARGUMENT_KINDS: dict[str, RowKind] = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "text": "text",
    "choice": "choice",
    "component": "component",
    "components": "components",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        key: Dotted key in the configuration.
        kind: Decides the editor; `literal` is any value, written as YAML. A `group` holds arguments under a heading.
            A `new_argument` holds no value: what is typed there becomes an argument.
        expectation: What a value must be, in words.
        empty_text: What an optional row says while it holds nothing.
        is_argument: Whether it belongs to a component: only values that differ from the default are written.
        tasks: The tasks on which it has an effect, empty for all; `tasks_text` says so in words.
        is_item: Whether it is one component of a list.
        members: The arguments under the heading of a `group`.
    """

    key: str
    kind: RowKind
    title: str
    description: str = ""
    default: Any = None
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    advanced: bool = False
    picker: str = ""
    component: str = ""
    visible_when: tuple[str, Any] | None = None
    tasks: tuple[str, ...] = ()
    tasks_text: str = ""
    expectation: str = ""
    empty_text: str = "not set"
    is_argument: bool = False
    is_item: bool = False
    members: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        """Last part of the key."""
        return self.key.rpartition(".")[2]

    @property
    def is_heading(self) -> bool:
        """Whether it holds rows and no value of its own."""
        return self.kind in ("section", "group")

    @property
    def parent_key(self) -> str:
        """Key of the setting around this one; empty for a section at the top."""
        owner, found, _ = self.key.rpartition(".arguments.")
        return owner if found and self.is_argument else self.key.rpartition(".")[0]

    def search_text(self) -> str:
        """What the search field looks through, in lower case."""
        return f"{self.title}\n{self.key}\n{self.description}".lower()

    def tooltip(self) -> str:
        """Description, key, range and default as rich text."""
        facts = [f"<b>{html.escape(self.title)}</b>"]
        if self.description:
            facts.append(html.escape(self.description))
        if self.tasks_text:
            facts.append(html.escape(self.tasks_text))
        if self.expectation:
            facts.append(f"Expects {html.escape(self.expectation)}.")
        if self.kind == "group":
            return ""
        if self.kind == "new_argument":
            return "".join(f"<p style='margin:2px 0'>{fact}</p>" for fact in facts)
        if self.kind != "section" and not self.is_item:
            facts.append(f"Default: {html.escape(self._default_text())}")
        facts.append(f"<code>{html.escape(self.key)}</code>")
        return "".join(f"<p style='margin:2px 0'>{fact}</p>" for fact in facts)

    def _default_text(self) -> str:
        if self.default is None:
            return self.empty_text
        if isinstance(self.default, dict) and "name" in self.default:
            return str(self.default["name"])
        if self.kind == "size" and isinstance(self.default, list):
            return " × ".join(str(side) for side in self.default) + f" {self.unit}"
        unit = f" {self.unit}" if self.unit else ""
        return literal_text(self.default) + unit


def row_of_setting(setting: Setting) -> Row:
    """The row of a setting of the schema."""
    is_chosen = setting.kind in ("component", "components")
    return Row(
        key=setting.key,
        kind=setting.kind,
        title=setting.title,
        description=setting.description,
        default=setting.default,
        unit=setting.unit,
        minimum=setting.minimum,
        maximum=setting.maximum,
        choices=setting.choices,
        optional=setting.optional,
        advanced=setting.advanced,
        picker=setting.picker,
        component=setting.component,
        visible_when=setting.visible_when,
        tasks=setting.tasks,
        tasks_text=setting.tasks_text(),
        expectation="" if is_chosen or setting.kind in ("section", "bool") else setting.expectation(),
        empty_text="automatic" if is_chosen else "not set",
    )


def row_of_argument(owner: str, argument: Argument) -> Row:
    """The row of an argument of the component at the key `owner`."""
    return Row(
        key=f"{owner}.arguments.{argument.name}",
        kind=_ARGUMENT_KINDS.get(argument.kind, "literal"),
        title=readable(argument.name),
        description=argument.description,
        default=argument.default,
        unit=argument.unit,
        minimum=argument.minimum,
        maximum=argument.maximum,
        choices=argument.choices,
        optional=argument.optional or argument.default is None,
        advanced=argument.advanced and not argument.required,
        component=argument.component,
        expectation=_argument_expectation(argument),
        empty_text="needed" if argument.required else "not set",
        is_argument=True,
    )


def row_of_group(owner: str, title: str, members: tuple[Row, ...]) -> Row:
    """The heading over arguments of the component at the key `owner` that belong together."""
    key = f"{owner}.arguments.:{title}"
    return Row(key=key, kind="group", title=readable(title), is_argument=True, members=members)


def row_of_unknown_argument(owner: str, name: str) -> Row:
    """The row of an argument that stands in the text although the component is not known to have it."""
    return Row(
        key=f"{owner}.arguments.{name}",
        kind="literal",
        title=readable(name),
        description="Stands in the file.",
        optional=True,
        is_argument=True,
    )


def row_of_new_argument(owner: str) -> Row:
    """The row that adds an argument to the component at the key `owner`, which takes arguments of any name."""
    return Row(
        key=f"{owner}.arguments.:new",
        kind="new_argument",
        title="Further argument",
        description="It takes arguments of any name. Type a name and a value, such as dropout_rate: 0.3.",
        optional=True,
        is_argument=True,
    )


def row_of_item(owner: Row, index: int) -> Row:
    """The row of one component in a list."""
    return Row(
        key=f"{owner.key}.{index}",
        kind="component",
        title=f"{readable(owner.component.replace('_', ' '))} {index + 1}",
        description=owner.description,
        component=owner.component,
        is_item=True,
    )


def readable(name: str) -> str:
    """`weight_decay` as 'Weight decay'."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else name


def _argument_expectation(argument: Argument) -> str:
    nouns = {"int": "a whole number", "float": "a number", "text": "a text", "list": "a list such as [1, 2]"}
    if argument.kind == "choice":
        return f"one of {', '.join(argument.choices)}"
    if argument.kind == "list" and argument.choices:
        return f"a list of any of {', '.join(argument.choices)}"
    return nouns.get(argument.kind, "") + _range_text(argument)


def _range_text(argument: Argument) -> str:
    low, high = argument.minimum, argument.maximum
    if argument.kind not in ("int", "float") or (low is None and high is None):
        return ""
    if low is not None and high is not None:
        return f" from {low:,.12g} to {high:,.12g}"
    return f" of at least {low:,.12g}" if low is not None else f" of at most {high:,.12g}"
