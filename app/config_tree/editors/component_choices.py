"""What can be chosen for a component: built-in names by group, the user's own functions, and those of one file."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.project.project import Project
from trainer.catalog.catalog import catalog
from trainer.catalog.check import find_entry
from trainer.catalog.discovery import FoundFunction
from trainer.catalog.entry import ComponentKind, Entry
from trainer.catalog.functions import read_functions
from trainer.catalog.task_fit import is_for_task
from trainer.config.component import Component
from trainer.config.paths import resolve
from trainer.config.task import TASKS
from trainer.errors import UserCodeError

OWN_FUNCTIONS = "Your functions"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list.

    Attributes:
        label: What it says.
        name: Name of the component; empty for a heading.
        file: The user's file as the YAML gives it, `None` for a built-in one.
        description: What it is for; empty where it is not read yet.
        own: The user's function behind it, which is read only when somebody looks closer.
    """

    label: str
    name: str = ""
    file: str | None = None
    description: str = ""
    own: FoundFunction | None = field(default=None, compare=False)

    @property
    def is_heading(self) -> bool:
        """Whether it only stands above others."""
        return not self.name

    @property
    def tip(self) -> str:
        """What it is for. The first time, this reads the file of a function of the user's."""
        entry = self.own.entry if self.own is not None else None
        return entry.description if entry is not None else self.description


def choices_for(kind: str, project: Project, file: str | None) -> list[Choice]:
    """Everything to choose from, with headings where there is more than one group.

    Args:
        kind: Kind of component.
        project: Whose functions are offered.
        file: The user's file that is chosen already; what else it holds is offered first.
    """
    groups: dict[str, list[Choice]] = {}
    if file:
        entries = usable_in_file(kind, resolve(file, project.base_dir))
        groups[f"In {Path(file).name}"] = [Choice(entry.name, entry.name, file, entry.description) for entry in entries]
    for entry in catalog().entries(kind):
        if not entry.unusable_because and _fits_task(entry, project):
            group = _group_title(entry.group)
            groups.setdefault(group, []).append(Choice(entry.name, entry.name, None, entry.description))
    groups[OWN_FUNCTIONS] = [
        Choice(f"{item.name} — {item.file}", item.name, item.file, own=item)
        for item in project.functions.of(kind)
        if item.file != file
    ]
    filled = {title: choices for title, choices in groups.items() if choices}
    if len(filled) == 1 and OWN_FUNCTIONS not in filled:
        return next(iter(filled.values()))
    return [line for title, choices in filled.items() for line in (Choice(title), *choices)]


def _fits_task(entry: Entry, project: Project) -> bool:
    """Whether it is for the chosen task."""
    task = project.value("project.task")
    return task not in TASKS or is_for_task(entry, task)


def _group_title(group: str) -> str:
    """`keras.optimizer` of the catalog as 'Keras'; places of Keras that people know by name stay."""
    return "Keras" if group.startswith("keras") and group != "keras.applications" else group


def usable_in_file(kind: str, file: Path) -> tuple[Entry, ...]:
    """Functions and classes of a user's file that can be used as a kind; none if it cannot be read."""
    stamp = _stamp(file)
    return tuple(entry for entry in _entries(kind, file, stamp) if not entry.unusable_because) if stamp else ()


def _stamp(file: Path) -> tuple[int, ...]:
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=64)
def _entries(kind: Any, file: Path, _stamp: tuple[int, ...]) -> tuple[Entry, ...]:
    try:
        return read_functions(file, kind)
    except UserCodeError:
        return ()


def entry_of(kind: ComponentKind | str, component: dict[str, Any] | None, base_dir: Path) -> Entry | None:
    """What is known of a component in its long form; `None` for unknown names and unreadable files."""
    if component is None or not isinstance(component.get("name"), str):
        return None
    file = component.get("file")
    if file is not None and not isinstance(file, str):
        return None
    path = resolve(file, base_dir) if file else None
    return _entry(kind, component["name"], path, _stamp(path) if path is not None else ())


@functools.lru_cache(maxsize=512)
def _entry(kind: Any, name: str, file: Path | None, _stamp: tuple[int, ...]) -> Entry | None:
    component = Component.model_construct(name=name, file=str(file) if file is not None else None)
    try:
        return find_entry(kind, component, Path())
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
