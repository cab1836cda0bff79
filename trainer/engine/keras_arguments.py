"""What Keras' signatures and documentation say of an argument: its kind, its bounds, its choices."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args

from trainer.catalog.entry import Argument, ArgumentKind, ComponentKind

_FLOATS = {"min_delta"}
"""Arguments whose default is written as a whole number and whose documentation does not say that they are floats."""
_WORDS: dict[str, ArgumentKind] = {
    "float": "float",
    "floating": "float",
    "number": "float",
    "scalar": "float",
    "int": "int",
    "integer": "int",
    "bool": "bool",
    "boolean": "bool",
    "string": "text",
    "str": "text",
    "list": "list",
    "tuple": "list",
}
_PLAIN: dict[type, ArgumentKind] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "text",
    list: "list",
    tuple: "list",
}
_FIRST_WORD = re.compile(r"(?:\(?[Oo]ptional\)?[ ,.:]*)?(?:[Aa]n? )?(?:Python )?(\w+)")
_SEVERAL = re.compile(r"\b(?:tuples?|lists?|arrays?)\b", re.IGNORECASE)
_ALSO_NUMBER = re.compile(r"\b(?:or|,) (?:an )?(?:int|integer|float|`?False`?)\b", re.IGNORECASE)
_OR_ONE_NUMBER = re.compile(r"\bor an? (?:single )?(?:float|int|number)", re.IGNORECASE)
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?:range|in|within)\s+`?[\[(]({_NUMBER}), ?({_NUMBER})[\])]|between ({_NUMBER}) and ({_NUMBER})")
_AT_LEAST_ZERO = re.compile(r"greater than or equal to (?:0|zero)|>= 0\b|[Oo]nly zero or positive|[Nn]on-negative")
_AT_MOST_ZERO = re.compile(r"less (?:than )?or equal to zero")
_ABOVE = re.compile(r"[Mm]ust be (?:> (\d+)|positive)")
_CHOICES = re.compile(
    r"(?:[Oo]ne of|[Ss]upported (?:options|values)(?: are|:)|[Aa](?:vailable methods|cceptable values) are|[Ss]upports"
    r"|[Cc]an be)\W*"
    r"((?:(?:`?[\"'][\w ]+[\"']`?|`?None`?)(?: \(default\))?[\s,}]*(?:or |and )?)+)"
)
_QUOTED = re.compile(r"[\"']([\w ]+)[\"']")
_LEARNING_RATE = re.compile(r"`keras\.optimizers\.schedules\.LearningRateSchedule` instance")
_COMPONENT_WORDS: tuple[tuple[re.Pattern[str], ComponentKind], ...] = (
    (re.compile(r"`keras\.optimizers\.Optimizer` instance"), "optimizer"),
    (re.compile(r"signature `fn\(y_true, y_pred"), "loss"),
)


def read_argument(parameter: inspect.Parameter, text: str) -> Argument:
    """An argument of one of Keras' objects.

    Args:
        parameter: From its signature.
        text: From its documentation, in one line; empty without any.
    """
    is_required = parameter.default is parameter.empty
    default = None if is_required else parameter.default
    component = _component(parameter, text)
    is_plain = _is_plain(default) and not component
    kind: ArgumentKind = "component" if component else _kind(parameter.name, default, text) if is_plain else "any"
    choices = _choices(default, text) if kind == "text" or (kind == "any" and default is None) else ()
    return Argument(
        name=parameter.name,
        kind="choice" if choices else kind,
        default=_plain(default) if is_plain else None,
        required=is_required,
        optional=default is None or not is_plain or (bool(choices) and "None" in text),
        choices=choices,
        description=text,
        component=component,
        **_bounds(kind, default, text),
    )


def _component(parameter: inspect.Parameter, text: str) -> str:
    """The kind of component an argument holds; empty for a plain value.

    Its name may be that of a kind, as in `LearningRateScheduler(schedule)`; else the documentation tells.
    """
    if _LEARNING_RATE.search(text):
        return "schedule"
    if parameter.default not in (parameter.empty, None):
        return ""
    if parameter.name in get_args(ComponentKind):
        return parameter.name
    return next((kind for pattern, kind in _COMPONENT_WORDS if pattern.search(text)), "")


def _kind(name: str, default: Any, text: str) -> ArgumentKind:
    """From the default, or for `None` from the documentation; a default of 0 or 1 may stand for a float.

    An argument that takes a number or several, or a word or a number, can be anything.
    """
    stated = _stated_kind(text)
    if default is None:
        takes_either = bool(_OR_ONE_NUMBER.search(text)) if stated == "list" else _takes_several(text)
        return "any" if takes_either else stated or "any"
    kind = _PLAIN.get(type(default), "any")
    if (kind in ("int", "float") and _takes_several(text)) or (kind == "text" and _ALSO_NUMBER.search(text)):
        return "any"
    if kind == "list" and stated in ("float", "int"):
        return "any"
    return "float" if kind == "int" and (stated == "float" or name in _FLOATS) else kind


def _takes_several(text: str) -> bool:
    return bool(_SEVERAL.search(text))


def _stated_kind(text: str) -> ArgumentKind | None:
    """From the first word of the documentation (`Float. If set, …`)."""
    first = _FIRST_WORD.match(text)
    return _WORDS.get(first[1].lower()) if first else None


def _bounds(kind: str, default: Any, text: str) -> dict[str, float]:
    """Bounds that the documentation states and the default keeps."""
    if kind not in ("int", "float"):
        return {}
    bounds: dict[str, float] = {}
    if stated := _RANGE.search(text):
        low, high = (float(number) for number in stated.groups() if number is not None)
        bounds = {"minimum": low, "maximum": high}
    elif _AT_LEAST_ZERO.search(text):
        bounds = {"minimum": 0.0}
    elif _AT_MOST_ZERO.search(text):
        bounds = {"maximum": 0.0}
    elif above := _ABOVE.search(text):
        bounds = {"minimum": float(above[1] or 0) + (1.0 if kind == "int" else 0.0)}
    keeps = default is None or bounds.get("minimum", default) <= default <= bounds.get("maximum", default)
    return bounds if keeps else {}


def _choices(default: Any, text: str) -> tuple[str, ...]:
    """Words that the documentation lists, where the default is among them."""
    listed = _CHOICES.search(text)
    if listed is None:
        return ()
    found = tuple(dict.fromkeys(_QUOTED.findall(listed[1])))
    has_default = default in found or (default is None and "None" in listed[1])
    return found if has_default and len(found) > 1 else ()


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
