"""Functions in the folder `custom_functions` beside a project's file: drop a file in and it can be chosen.

Files are read with `ast` and never executed; what was read is kept as long as a file stays the same.
"""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trainer.catalog.entry import ComponentKind, Entry
from trainer.catalog.functions import Definition, FunctionFile, constructor
from trainer.catalog.signatures import SIGNATURES
from trainer.errors import UserCodeError

FOLDER_NAME = "custom_functions"
_MOST_FILES = 1000
_WORDS: dict[ComponentKind, tuple[str, ...]] = {
    "loader": ("loader",),
    "preprocessing": ("preprocess", "normaliz", "normalis"),
    "augmentation": ("augment",),
    "model": ("model", "network", "backbone"),
    "loss": ("loss",),
    "metric": ("metric", "score", "accuracy"),
    "optimizer": ("optimizer", "optimiser"),
    "schedule": ("schedul",),
    "callback": ("callback",),
    "training_loop": ("loop",),
}
"""What the name of a file or function, or its description, says about its kind where the signature fits several."""


@dataclass(frozen=True)
class FoundFunction:
    """A function or class that can be chosen, or a file that cannot be read.

    Attributes:
        file: Path for the project's YAML, relative to its folder, with `/`.
        name: Of the function or class; empty for a file that cannot be read.
        kind: What it can be used as; `None` for a file that cannot be read. One that fits two kinds is found twice.
        problem: Why the file cannot be read; empty for a function.
        line: Line of the definition or of the problem, counted from 1.
    """

    file: str
    name: str = ""
    kind: ComponentKind | None = None
    problem: str = ""
    line: int | None = None
    path: Path = field(default=Path(), compare=False, repr=False)

    @functools.cached_property
    def entry(self) -> Entry | None:
        """What the catalog knows of it, read when first asked for; `None` if the file cannot be read (any more)."""
        if self.kind is None:
            return None
        try:
            file = _parsed(self.path, self.path.stat().st_mtime_ns)
        except (OSError, UserCodeError):
            return None
        return next((file.entry(node, self.kind) for node in file.definitions if node.name == self.name), None)


@functools.lru_cache(maxsize=2)  # few, as a syntax tree is large, and the entries of one file are asked for together
def _parsed(path: Path, _mtime_ns: int) -> FunctionFile:
    return FunctionFile(path)


def discover(base_dir: Path) -> tuple[FoundFunction, ...]:
    """Everything in `base_dir/custom_functions` and its folders, by file; nothing where there is no such folder.

    Files and folders whose names start with `_` or `.` are left out.

    Args:
        base_dir: Folder of the project's file.
    """
    found: list[FoundFunction] = []
    for path in _python_files(base_dir / FOLDER_NAME):
        try:
            stamp = path.stat()
        except OSError:
            continue
        file = path.relative_to(base_dir).as_posix()
        found += _read(path, file, stamp.st_mtime_ns, stamp.st_size)
    return tuple(found)


def functions_for(kind: ComponentKind, base_dir: Path) -> tuple[FoundFunction, ...]:
    """The discovered functions and classes of one kind."""
    return tuple(item for item in discover(base_dir) if item.kind == kind)


def _python_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
        found += (Path(parent, name) for name in sorted(files) if name.endswith(".py") and name[0] not in "_.")
        if len(found) > _MOST_FILES:  # not a folder of functions, but one that happens to have that name
            break
    return found[:_MOST_FILES]


@functools.lru_cache(maxsize=2 * _MOST_FILES)
def _read(path: Path, file: str, _mtime_ns: int, _size: int) -> tuple[FoundFunction, ...]:
    try:
        read = FunctionFile(path)
    except UserCodeError as error:
        return (FoundFunction(file, problem=str(error), line=error.line),)
    return tuple(
        FoundFunction(file, node.name, kind, line=node.lineno, path=path)
        for node in read.definitions
        for kind in _likely_kinds(read, node)
    )


def _likely_kinds(file: FunctionFile, node: Definition) -> Iterator[ComponentKind]:
    """The kinds to offer it as: those it fits, fewer where a name or a description says which is meant."""
    fitting: list[ComponentKind] = [kind for kind in SIGNATURES if file.fits(node, kind)]
    if "schedule" in fitting and "optimizer" in fitting:  # (epoch, learning_rate)
        fitting.remove("optimizer")
    if "augmentation" in fitting and _names(node) & {"seed", "labels"}:
        fitting = ["augmentation"]
    for text in (file.path.stem, node.name, None):
        said = (ast.get_docstring(node) or "").partition("\n\n")[0] if text is None else text
        if meant := [kind for kind in fitting if _says(said, _WORDS[kind])]:
            yield from meant
            return
    if file.is_known(node):
        yield from fitting


def _names(node: Definition) -> set[str]:
    function = constructor(node)
    return {argument.arg for argument in function.args.args + function.args.kwonlyargs} if function else set()


def _says(text: str, words: Iterable[str]) -> bool:
    return any(word in text.lower() for word in words)
