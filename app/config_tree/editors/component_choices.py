"""What can be chosen for a component: built-in names, and the functions of the file that is chosen already."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from trainer.catalog.catalog import catalog
from trainer.catalog.check import find_entry
from trainer.catalog.entry import ComponentKind, Entry
from trainer.catalog.functions import read_functions
from trainer.config.component import Component
from trainer.errors import UserCodeError


def built_in_names(kind: str) -> tuple[str, ...]:
    """Names of the catalog."""
    return catalog().names(kind)


def names_in_file(kind: str, file: Path) -> tuple[str, ...]:
    """Functions and classes of a user's file; none if it cannot be read."""
    try:
        stamp = file.stat().st_mtime_ns
    except OSError:
        return ()
    return _names_in_file(kind, file, stamp)


@functools.lru_cache(maxsize=64)
def _names_in_file(kind: Any, file: Path, _stamp: int) -> tuple[str, ...]:
    try:
        return tuple(entry.name for entry in read_functions(file, kind))
    except UserCodeError:
        return ()


def entry_of(kind: ComponentKind | str, component: dict[str, Any] | None, base_dir: Path) -> Entry | None:
    """What is known of a component in its long form; `None` for unknown names and unreadable files."""
    if component is None or not isinstance(component.get("name"), str):
        return None
    file = component.get("file")
    if file is not None and not isinstance(file, str):
        return None
    known: Any = kind
    try:
        return find_entry(known, Component.model_construct(name=component["name"], file=file), base_dir)
    except UserCodeError:
        return None


def with_choice(old: dict[str, Any] | None, kind: str, name: str, file: str | None, base_dir: Path) -> dict[str, Any]:
    """A component after another choice: arguments stay where the new one knows them.

    Arguments given to something unknown stay as well, since nothing is known of what it takes.
    """
    arguments = dict(old["arguments"]) if old is not None and isinstance(old.get("arguments"), dict) else {}
    entry = entry_of(kind, {"name": name, "file": file}, base_dir)
    if entry is not None and not entry.takes_any_argument:
        arguments = {key: value for key, value in arguments.items() if entry.argument(key) is not None}
    return {"name": name, "file": file, "arguments": arguments}
