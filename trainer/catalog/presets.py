"""Presets in a user's file: sets of arguments by name, written as literals.

    PRESETS = {"wide_cnn": {"easy": {"width": 16}, "advanced": {"width": 64, "activation": "gelu"}}}

or, at the function itself, `wide_cnn.presets = {"easy": {"width": 16}}`.
"""

from __future__ import annotations

import ast
from typing import Any

Presets = dict[str, dict[str, Any]]


def read_presets(tree: ast.Module) -> dict[str, Presets]:
    """Presets by the name of their function or class. What is not a literal of that form is left out."""
    found: dict[str, Presets] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if value is None or not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        match target:
            case ast.Name(id="PRESETS"):
                for name, presets in _mapping(value).items():
                    found[name] = _presets(presets)
            case ast.Attribute(value=ast.Name(id=name), attr="presets"):
                found[name] = _presets(_mapping(value))
    return {name: presets for name, presets in found.items() if presets}


def _mapping(node: ast.expr) -> dict[str, Any]:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return {}
    return {str(name): item for name, item in value.items()} if isinstance(value, dict) else {}


def _presets(value: Any) -> Presets:
    named = value.items() if isinstance(value, dict) else ()
    return {
        str(name): {str(key): item for key, item in arguments.items()}
        for name, arguments in named
        if isinstance(arguments, dict)
    }
