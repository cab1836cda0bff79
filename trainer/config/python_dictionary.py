"""A configuration as a Python dictionary, as printed in documentation. The text is read, never executed."""

from __future__ import annotations

import ast
import re
from typing import Any

from trainer.errors import ConfigError, Problem

MAX_DIGITS = 300
_ASSIGNMENT = re.compile(r"\s*(?:#[^\n]*\n\s*)*[A-Za-z_]\w*\s*=\s*(?=\{)")
_ONLY_PLAIN = "Expected only texts, numbers, True, False, None, lists and dictionaries."
_ONLY_WORDS = "Expected a dictionary with words as keys."


def assigned_dictionary(text: str) -> dict[str, Any] | None:
    """The dictionary of `config = {...}`; `None` if the text is something else.

    Raises:
        ConfigError: What is assigned is no plain dictionary.
    """
    assignment = _ASSIGNMENT.match(text)
    return _read(text, assignment.end()) if assignment else None


def bare_dictionary(text: str) -> dict[str, Any] | None:
    """The dictionary if it is the whole text and YAML would misread it: there, `None` is a word."""
    if not text.lstrip().startswith("{") or "None" not in text:
        return None
    try:
        return _read(text, 0)
    except ConfigError:
        return None


def _read(text: str, start: int) -> dict[str, Any]:
    try:
        values = ast.literal_eval(text[start:].strip())
    except SyntaxError as error:
        line = text.count("\n", 0, start) + (error.lineno or 1)
        raise _refusal(f"Not a plain Python dictionary: {error.msg.partition(';')[0]}.", line) from error
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise _refusal(f"Not a plain Python dictionary. {_ONLY_PLAIN}") from error
    if not isinstance(values, dict):
        raise _refusal(_ONLY_WORDS)
    return _mapping(values)


def _mapping(values: dict[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(key, str) for key in values):
        raise _refusal(_ONLY_WORDS)
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _mapping(value)
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if value is not None and not isinstance(value, (str, int, float)):
        raise _refusal(f"{_ONLY_PLAIN} Received {value!r}."[:200])
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS * 3:
        raise _refusal(f"The file holds a number of more than {MAX_DIGITS} digits.")
    return value


def _refusal(message: str, line: int | None = None) -> ConfigError:
    return ConfigError((Problem("", message, line),))
