"""Values as text and back without losing anything: every digit, and the difference between 5 and '5'."""

from __future__ import annotations

import contextlib
import json
import math
from decimal import Decimal
from typing import Any

from trainer.config.yaml_reader import parse_yaml
from trainer.errors import ConfigError

_SMALL, _LARGE = 1e-3, 1e7


def number_text(value: float) -> str:
    """A number with all its digits, short where it is very small or large.

    >>> number_text(0.0001), number_text(0.25), number_text(15), number_text(3e8)
    ('1e-4', '0.25', '15', '3e8')
    """
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value) or value == 0 or _SMALL <= abs(value) < _LARGE:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    figures = "".join(str(digit) for digit in digits)
    mantissa = figures[0] + (f".{figures[1:]}" if len(figures) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{int(exponent) + len(figures) - 1}"


def parse_number(text: str, *, is_whole: bool) -> Any:
    """What a person typed into a number's field: a number where it is one, else as `parse_literal` reads it.

    >>> parse_number("1e-3", is_whole=False), parse_number("1e3", is_whole=True), parse_number("many", is_whole=True)
    (0.001, 1000, 'many')
    """
    text = text.strip().replace("−", "-")
    with contextlib.suppress(ValueError):
        return int(text)
    with contextlib.suppress(ValueError, OverflowError):
        number = float(text)
        if math.isfinite(number):
            return int(number) if is_whole and number.is_integer() else number
    return parse_literal(text)


def literal_text(value: Any) -> str:
    """Any plain value as one line of YAML.

    >>> literal_text([1, 2]), literal_text("a b"), literal_text("5"), literal_text(None), literal_text(True)
    ('[1, 2]', 'a b', '"5"', 'null', 'true')
    """
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, str) and value == value.strip() and _reads_as(value, value):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def parse_literal(text: str) -> Any:
    """A value from one line of YAML; the text itself where it is none.

    >>> parse_literal("[1, 2]"), parse_literal("1e-3"), parse_literal("a: [")
    ([1, 2], 0.001, 'a: [')
    """
    try:
        return parse_yaml(f"value: {text}").values["value"]
    except ConfigError:
        return text


def _reads_as(text: str, value: str) -> bool:
    read = parse_literal(text)
    return type(read) is type(value) and bool(read == value)
