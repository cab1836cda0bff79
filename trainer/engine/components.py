"""From a component of the configuration to the Python object it names, built in or from a user's file."""

from __future__ import annotations

import linecache
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.catalog.catalog import built_in_file
from trainer.catalog.check import find_entry
from trainer.catalog.entry import ComponentKind
from trainer.config.component import Component
from trainer.engine.user_errors import user_code
from trainer.errors import ConfigError, Problem, UserCodeError
from trainer.runs.functions import copy_of


def find_object(kind: ComponentKind, component: Component, functions_dir: Path | None = None) -> Callable[..., Any]:
    """The function or class that a component names.

    Args:
        kind: What it is used as.
        component: Name, and file for a user's own. Paths are absolute.
        functions_dir: The run's `functions/` folder, whose copies are executed instead of the originals.

    Raises:
        ConfigError: There is no such object.
        UserCodeError: The user's file cannot be imported.
    """
    entry = find_entry(kind, as_copied(component, functions_dir), Path())
    if entry is None:
        raise ConfigError((Problem(kind, f"There is no {kind} '{component.name or component.file}'."),))
    if component.file is not None:
        return _from_file(Path(component.file), entry.name, functions_dir)
    if path := built_in_file(kind, entry.name):
        return _built_in(path, entry.name)
    import keras

    module = {"model": keras.applications}.get(kind) or getattr(keras, _MODULES[kind])
    found: Callable[..., Any] = getattr(module, entry.name)
    return found


def as_copied(component: Component, functions_dir: Path | None) -> Component:
    """The component in the run's copy of its file: what the person did to the original since does not matter."""
    if component.file is None or functions_dir is None:
        return component
    return component.model_copy(update={"file": str(copy_of(Path(component.file), functions_dir))})


def build(kind: ComponentKind, component: Component, functions_dir: Path | None = None, **given: Any) -> Any:
    """Call what a component names with its own arguments and those the trainer gives.

    Raises:
        ConfigError: The built-in object refuses the arguments; the message is Keras' own.
        UserCodeError: The user's code raised.
    """
    found = find_object(kind, component, functions_dir)
    if component.file is not None:
        with user_code(component.file, component.name):
            return found(**given, **component.arguments)
    try:
        return found(**given, **component.arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError((Problem(kind, f"{component.name} refused its arguments: {error}"),)) from error


_MODULES = {"loss": "losses", "metric": "metrics", "optimizer": "optimizers", "callback": "callbacks"}


def _built_in(path: Path, name: str) -> Callable[..., Any]:
    import importlib

    relative = path.relative_to(Path(__file__).resolve().parents[2]).with_suffix("")
    found: Callable[..., Any] = getattr(importlib.import_module(".".join(relative.parts)), name)
    return found


def _from_file(path: Path, name: str, functions_dir: Path | None) -> Callable[..., Any]:
    module = import_user_file(path, functions_dir)
    try:
        found: Callable[..., Any] = getattr(module, name)
    except AttributeError as error:
        raise UserCodeError(f"The file defines no '{name}'.", file=str(path)) from error
    return found


def import_user_file(path: Path, functions_dir: Path | None) -> types.ModuleType:
    """Execute a user's file as a module of its own, once per process.

    The run's copy is what runs; tracebacks name the user's own path. The file's folder is importable, so
    that it can use its neighbours, but it never hides an installed module.

    Raises:
        UserCodeError: The file is missing or raises while it is imported.
    """
    module_name = f"user_functions_{abs(hash(str(path))):x}_{path.stem}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    source = copy_of(path, functions_dir) if functions_dir is not None else path
    module = types.ModuleType(module_name)
    module.__file__ = str(path)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    sys.modules[module_name] = module
    code = source.read_bytes()
    # Tracebacks show the lines that ran, whatever has become of the original.
    text = code.decode("utf-8", "replace")
    linecache.cache[str(path)] = (len(code), None, text.splitlines(keepends=True), str(path))
    try:
        with user_code(str(path)):
            exec(compile(code, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module
