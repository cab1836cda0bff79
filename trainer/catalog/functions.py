"""Functions and classes of a Python file, read with `ast`. The file is never executed."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from trainer.catalog.docstring import argument_texts, summary
from trainer.catalog.entry import Argument, ArgumentKind, ComponentKind, Entry
from trainer.errors import UserCodeError

GIVEN_ARGUMENTS: dict[str, frozenset[str]] = {
    "loader": frozenset({"data_dir", "batch_size", "config", "reporter"}),
    "model": frozenset({"input_shape", "num_classes"}),
    "loss": frozenset({"y_true", "y_pred"}),
    "metric": frozenset({"y_true", "y_pred"}),
    "optimizer": frozenset({"learning_rate"}),
    "callback": frozenset(),
}
"""Arguments that the trainer passes by itself, by kind of component."""

_KINDS: dict[str, ArgumentKind] = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "text",
    "list": "list",
    "tuple": "list",
}


def read_functions(path: Path, kind: ComponentKind) -> tuple[Entry, ...]:
    """Public functions and classes at the top level of a file, in its order.

    Args:
        path: A Python file.
        kind: What they are to be used as; decides which arguments the trainer passes by itself.

    Raises:
        UserCodeError: The file cannot be read or is no valid Python; with the line.
    """
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        raise UserCodeError(f"The file cannot be read: {error.strerror or error}.", file=str(path)) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        message = getattr(error, "msg", None) or str(error)
        raise UserCodeError(f"Not valid Python: {message}.", file=str(path), line=line) from error
    return tuple(
        _entry(node, kind)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    )


def _entry(node: ast.FunctionDef | ast.ClassDef, kind: ComponentKind) -> Entry:
    text = ast.get_docstring(node) or ""
    function = _constructor(node)
    constructor_text = ast.get_docstring(function) if function is not None and function is not node else None
    descriptions = argument_texts(text) | argument_texts(constructor_text)
    return Entry(
        name=node.name,
        kind=kind,
        title=node.name,
        description=summary(text),
        arguments=_arguments(function, kind, descriptions) if function is not None else (),
        takes_any_argument=function is None or function.args.kwarg is not None,
    )


def _constructor(node: ast.FunctionDef | ast.ClassDef) -> ast.FunctionDef | None:
    if isinstance(node, ast.FunctionDef):
        return node
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    return next((method for method in methods if method.name == "__init__"), None)


def _arguments(function: ast.FunctionDef, kind: ComponentKind, descriptions: dict[str, str]) -> tuple[Argument, ...]:
    positional = function.args.posonlyargs + function.args.args
    padding: list[ast.expr | None] = [None] * (len(positional) - len(function.args.defaults))
    pairs = list(zip(positional, [*padding, *function.args.defaults], strict=True))
    pairs += list(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
    skipped = GIVEN_ARGUMENTS[kind] | {"self"}
    return tuple(
        _argument(argument, default, descriptions.get(argument.arg, ""))
        for argument, default in pairs
        if argument.arg not in skipped
    )


def _argument(argument: ast.arg, default: ast.expr | None, description: str) -> Argument:
    value, is_literal = _literal(default)
    kind, choices, optional = _annotation(argument.annotation)
    if kind == "any" and is_literal and default is not None:
        kind = _KINDS.get(type(value).__name__, "any")
    return Argument(
        name=argument.arg,
        kind=kind,
        default=value,
        required=default is None,
        optional=optional or (value is None and default is not None),
        choices=choices,
        description=description,
    )


def _literal(node: ast.expr | None) -> tuple[Any, bool]:
    if node is None:
        return None, False
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None, False
    return (list(value) if isinstance(value, tuple) else value), True


def _annotation(node: ast.expr | None) -> tuple[ArgumentKind, tuple[str, ...], bool]:
    """Kind, choices and whether `None` is allowed, from an annotation."""
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            kind, choices, _ = _annotation(left)
            return kind, choices, True
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            kind, choices, _ = _annotation(inner)
            return kind, choices, True
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            options = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return "choice", tuple(str(o.value) for o in options if isinstance(o, ast.Constant)), False
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name):
            return _KINDS.get(name, "any"), (), False
    return "any", (), False
