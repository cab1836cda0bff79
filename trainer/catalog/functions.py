"""Functions and classes of a Python file, read with `ast`. The file is never executed."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from trainer.catalog.annotation import PLAIN_KINDS, read_annotation, read_notes
from trainer.catalog.docstring import argument_notes, argument_texts, summary
from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.catalog.presets import read_presets
from trainer.catalog.signatures import (
    GIVEN_ARGUMENTS,
    SIGNATURES,
    class_kinds,
    function_kinds,
    imported_names,
)
from trainer.catalog.step_probability import with_probability
from trainer.errors import UserCodeError

__all__ = ["GIVEN_ARGUMENTS", "FunctionFile", "read_functions"]

Definition = ast.FunctionDef | ast.ClassDef


def read_functions(path: Path, kind: ComponentKind) -> tuple[Entry, ...]:
    """Public functions and classes at the top level of a file, in its order.

    Those that do not fit the kind are among them; their `unusable_because` tells what was found and what is expected.

    Args:
        path: A Python file.
        kind: What they are to be used as; decides which arguments the trainer passes by itself.

    Raises:
        UserCodeError: The file cannot be read or is no valid Python; with the line.
    """
    file = FunctionFile(path)
    return tuple(file.entry(node, kind) for node in file.definitions)


class FunctionFile:
    """A user's file, parsed once.

    Args:
        path: A Python file.

    Raises:
        UserCodeError: The file cannot be read or is no valid Python; with the line.

    Attributes:
        definitions: Its public functions and classes at the top level, in its order.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        tree = _parse(path)
        self.definitions: tuple[Definition, ...] = tuple(
            node
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        )
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        imports = imported_names(tree)
        self._kinds: dict[Definition, frozenset[ComponentKind] | None] = {
            node: function_kinds(node) if isinstance(node, ast.FunctionDef) else class_kinds(node, classes, imports)
            for node in self.definitions
        }
        self._presets = read_presets(tree)

    def fits(self, node: Definition, kind: ComponentKind) -> bool:
        """Whether it can be used as this kind; a class with bases from elsewhere can, as nothing says otherwise."""
        kinds = self._kinds[node]
        return kinds is None or kind in kinds

    def is_known(self, node: Definition) -> bool:
        """Whether its kinds are known; not those of a class whose bases are defined elsewhere."""
        return self._kinds[node] is not None

    def entry(self, node: Definition, kind: ComponentKind) -> Entry:
        """What the catalog knows of it, used as this kind."""
        text = ast.get_docstring(node) or ""
        function = constructor(node)
        own = (ast.get_docstring(function) or "") if function is not None and function is not node else ""
        entry = Entry(
            name=node.name,
            kind=kind,
            title=node.name,
            description=summary(text),
            arguments=_arguments(function, kind, (text, own)) if function is not None else (),
            takes_any_argument=function is None or function.args.kwarg is not None,
            presets=self._presets.get(node.name, {}),
            file=str(self.path),
            line=node.lineno,
            unusable_because="" if self.fits(node, kind) else _misfit(node, kind),
        )
        return with_probability(entry)


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        raise UserCodeError(f"The file cannot be read: {error.strerror or error}.", file=str(path)) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        message = getattr(error, "msg", None) or str(error)
        raise UserCodeError(f"Not valid Python: {message}.", file=str(path), line=line) from error


def constructor(node: Definition) -> ast.FunctionDef | None:
    """The function itself, or a class' `__init__`; `None` for a class without one."""
    if isinstance(node, ast.FunctionDef):
        return node
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    return next((method for method in methods if method.name == "__init__"), None)


def _misfit(node: Definition, kind: ComponentKind) -> str:
    signature = SIGNATURES[kind]
    if isinstance(node, ast.FunctionDef):
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        found = f"It takes ({', '.join(argument.arg for argument in arguments)})"
    else:
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        found = f"It derives from {bases}" if bases else "It is a class without a base"
    return f"{found}; {signature.article} is {signature.shown}."


def _arguments(function: ast.FunctionDef, kind: ComponentKind, docstrings: tuple[str, str]) -> tuple[Argument, ...]:
    positional = function.args.posonlyargs + function.args.args
    padding: list[ast.expr | None] = [None] * (len(positional) - len(function.args.defaults))
    pairs = list(zip(positional, [*padding, *function.args.defaults], strict=True))
    pairs += list(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
    skipped = GIVEN_ARGUMENTS[kind] | {"self"}
    texts: dict[str, str] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for docstring in filter(None, docstrings):
        texts |= argument_texts(docstring)
        notes |= argument_notes(docstring)
    return tuple(
        _argument(argument, default, texts.get(argument.arg, ""), notes.get(argument.arg, ()))
        for argument, default in pairs
        if argument.arg not in skipped
    )


def _argument(argument: ast.arg, default: ast.expr | None, text: str, notes: tuple[str, ...]) -> Argument:
    """From the annotation first, then from the docstring, then from the default."""
    value, is_literal = _literal(default)
    stated = read_annotation(argument.annotation)
    told = read_notes(notes)
    told.pop("description", None)  # what else stands in parentheses, such as 'optional', is no tooltip
    extra = told | read_notes(stated.notes)
    kind = extra.pop("kind", "any")
    if stated.kind != "any" and kind not in ("component", "components"):
        kind = stated.kind
    if kind == "any" and is_literal and default is not None:
        kind = PLAIN_KINDS.get(type(value).__name__, "any")
    fields = {
        "name": argument.arg,
        "kind": kind,
        "default": value,
        "required": default is None,
        "optional": stated.optional or (value is None and default is not None),
        "choices": stated.choices,
        "component": stated.component,
        "description": text,
    }
    return Argument(**(fields | extra | ({"description": text} if text else {})))


def _literal(node: ast.expr | None) -> tuple[Any, bool]:
    if node is None:
        return None, False
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None, False
    return (list(value) if isinstance(value, tuple) else value), True
