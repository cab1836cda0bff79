"""What an annotation in a user's file says of an argument, read with `ast`.

The form of an argument can be described without importing anything of ours:

    rate: Annotated[float, "0..1", "group: optimizer", "advanced"] = 0.5    bounds, group, shown with all settings only
    size: Annotated[int, "min 1", "unit: px"] = 8                           one bound, a unit
    mode: Literal["mean", "max"] = "mean"                                   one of these
    stages: list[Literal["a", "b"]] = ["a"]                                 any of these
    inner: keras.losses.Loss | None = None                                  a loss, with arguments of its own
    after: Annotated[list, "components: callback"] = ()                     several callbacks

Any other text in `Annotated` is the tooltip. In a docstring the same notes stand in parentheses:

    Args:
        rate (float, 0..1, group: optimizer, advanced): The tooltip.
"""

from __future__ import annotations

import ast
import re
import typing
from dataclasses import dataclass, replace
from typing import Any

from trainer.catalog.entry import ArgumentKind, ComponentKind

PLAIN_KINDS: dict[str, ArgumentKind] = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "text",
    "list": "list",
    "tuple": "list",
}
_COMPONENTS: dict[str, str] = {
    "Loss": "loss",
    "Metric": "metric",
    "Optimizer": "optimizer",
    "LearningRateSchedule": "schedule",
    "Callback": "callback",
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"^({_NUMBER})?\s*\.\.\s*({_NUMBER})?$")
_BOUND = re.compile(rf"^(min|max)\s*:?\s*({_NUMBER})$")
_NAMED = re.compile(r"^(unit|group|component|components)\s*:\s*(\S.*)$")


@dataclass(frozen=True, slots=True)
class Stated:
    """What is known of an argument besides its name and default."""

    kind: ArgumentKind = "any"
    choices: tuple[str, ...] = ()
    optional: bool = False
    component: str = ""
    notes: tuple[str, ...] = ()


def read_annotation(node: ast.expr | None) -> Stated:
    """What an annotation says; nothing where it is missing or not understood."""
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([left, right])
        case ast.Subscript(value=value, slice=inner):
            return _subscripted(_last_name(value), inner)
        case ast.Name() | ast.Attribute():
            return _named(_last_name(node))
    return Stated()


def _named(name: str) -> Stated:
    if name in _COMPONENTS:
        return Stated("component", component=_COMPONENTS[name])
    return Stated(PLAIN_KINDS.get(name, "any"))


def _subscripted(name: str, inner: ast.expr) -> Stated:
    items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Optional":
        return replace(read_annotation(inner), optional=True)
    if name == "Union":
        return _union(items)
    if name == "Literal":
        values = tuple(str(item.value) for item in items if isinstance(item, ast.Constant) and item.value is not None)
        return Stated("choice", values, optional=any(_is_none(item) for item in items))
    if name == "Annotated":
        notes = tuple(
            item.value for item in items[1:] if isinstance(item, ast.Constant) and isinstance(item.value, str)
        )
        return replace(read_annotation(items[0]), notes=notes)
    if name.lower() not in ("list", "tuple", "sequence") or not items:
        return Stated()
    one = read_annotation(items[0])
    if one.kind == "component":
        return Stated("components", component=one.component)
    return Stated("list", one.choices)


def _union(items: list[ast.expr]) -> Stated:
    """The one type beside `None`; a union of several can be anything."""
    kept = [read_annotation(item) for item in items if not _is_none(item)]
    optional = len(kept) < len(items) or any(stated.optional for stated in kept)
    return replace(kept[0], optional=optional) if len(kept) == 1 else Stated(optional=optional)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _last_name(node: ast.expr) -> str:
    """`Loss` of `keras.losses.Loss`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def read_notes(notes: tuple[str, ...]) -> dict[str, Any]:
    """Fields of an `Argument` from notes such as `0..1`, `unit: px` or `advanced`.

    >>> read_notes(("0..1", "group: optimizer", "advanced"))
    {'minimum': 0.0, 'maximum': 1.0, 'group': 'optimizer', 'advanced': True}
    >>> read_notes(("min 1", "How large."))
    {'minimum': 1.0, 'description': 'How large.'}
    """
    fields: dict[str, Any] = {}
    for note in (note.strip() for note in notes):
        if bounds := _RANGE.match(note):
            fields |= {
                name: float(text) for name, text in zip(("minimum", "maximum"), bounds.groups(), strict=True) if text
            }
        elif bound := _BOUND.match(note):
            fields["minimum" if bound[1] == "min" else "maximum"] = float(bound[2])
        elif named := _NAMED.match(note):
            fields |= _named_note(named[1], named[2].strip())
        elif note == "advanced":
            fields["advanced"] = True
        elif note in PLAIN_KINDS:
            fields["kind"] = PLAIN_KINDS[note]
        elif note:
            fields["description"] = note
    return fields


def _named_note(name: str, value: str) -> dict[str, Any]:
    if name not in ("component", "components"):
        return {name: value}
    return {"kind": name, "component": value} if value in typing.get_args(ComponentKind) else {}
