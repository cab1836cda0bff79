"""From a component of the configuration to the Python object it names, built in or from a user's file."""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trainer.catalog.catalog import built_in_file
from trainer.catalog.check import find_entry
from trainer.catalog.entry import ComponentKind
from trainer.catalog.nested import nested_arguments
from trainer.catalog.signatures import GIVEN_ARGUMENTS, SIGNATURES
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
    found: Callable[..., Any] = getattr(_keras_module(kind), entry.name)
    return found


def _keras_module(kind: ComponentKind) -> Any:
    import keras

    return {
        "model": keras.applications,
        "loss": keras.losses,
        "metric": keras.metrics,
        "optimizer": keras.optimizers,
        "schedule": keras.optimizers.schedules,
        "callback": keras.callbacks,
        "preprocessing": keras.layers,
        "augmentation": keras.layers,
    }[kind]


def as_copied(component: Component, functions_dir: Path | None) -> Component:
    """The component in the run's copy of its file: what the person did to the original since does not matter."""
    if component.file is None or functions_dir is None:
        return component
    return component.model_copy(update={"file": str(copy_of(Path(component.file), functions_dir))})


def build(kind: ComponentKind, component: Component, functions_dir: Path | None = None, **given: Any) -> Any:
    """Call what a component names with its own arguments and those the trainer gives.

    Components among its arguments are built first. Of what the trainer gives, it gets what it takes by name; where the
    configuration gives the same argument, that one counts.

    Raises:
        ConfigError: The built-in object refuses the arguments; the message is Keras' own.
        UserCodeError: The user's code raised.
    """
    found = find_object(kind, component, functions_dir)
    arguments = _with_built_arguments(kind, component, functions_dir, given)
    passed_on = {
        name: value for name, value in given.items() if name not in arguments and _takes(found, name, component)
    }
    if component.file is not None:
        with user_code(component.file, component.name, found):
            return found(**passed_on, **arguments)
    try:
        return found(**passed_on, **arguments)
    except ImportError as error:
        raise ConfigError((Problem(kind, f"{component.name} needs a package that is missing: {error}"),)) from error
    except (TypeError, ValueError) as error:
        raise ConfigError((Problem(kind, f"{component.name} refused its arguments: {error}"),)) from error


def make(kind: ComponentKind, component: Component, functions_dir: Path | None = None, **given: Any) -> Any:
    """The object a component stands for: built, or a user's function with its arguments bound where Keras calls it.

    Raises:
        ConfigError: There is no such object, or it refuses its arguments.
        UserCodeError: The user's code raised.
    """
    found = find_object(kind, component, functions_dir)
    names = parameters_of(found)
    is_called_later = any(start[0] in names for start in SIGNATURES[kind].starts)
    if component.file is None or inspect.isclass(found) or not is_called_later:
        return build(kind, component, functions_dir, **given)
    arguments = _with_built_arguments(kind, component, functions_dir, given)
    return functools.update_wrapper(functools.partial(found, **arguments), found) if arguments else found


def _with_built_arguments(
    kind: ComponentKind, component: Component, functions_dir: Path | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The component's arguments, in which chosen components are objects."""
    arguments: dict[str, Any] = dict(component.arguments)
    entry = find_entry(kind, as_copied(component, functions_dir), Path())
    if entry is None:
        return arguments
    for key, _, inner_kind, inner in nested_arguments(entry, component.arguments):
        passed_on = {name: value for name, value in given.items() if name in GIVEN_ARGUMENTS[inner_kind]}
        if inner_kind == "schedule" and isinstance(rate := passed_on.pop("learning_rate", None), (int, float)):
            passed_on.setdefault("initial_learning_rate", rate)
        name, _, index = key.partition(".")
        made = make(inner_kind, inner, functions_dir, **passed_on)
        if kind == "callback" and inner_kind == "schedule":
            made = _by_epoch(made)
        if index:
            arguments[name] = [made if number == int(index) else item for number, item in enumerate(arguments[name])]
        else:
            arguments[name] = made
    return arguments


def _by_epoch(schedule: Any) -> Callable[..., Any]:
    """A Keras schedule as the function that callbacks call with an epoch and want a plain number from."""
    import keras

    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return schedule  # type: ignore[no-any-return]
    return lambda epoch, _learning_rate=None: float(keras.ops.convert_to_numpy(schedule(epoch)))


def parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Parameters by name, of a class those of its constructor.

    `inspect.signature` of a class that inherits its constructor gives those of Keras' `__new__`, which takes anything,
    with Python before 3.11.4.

    Raises:
        TypeError: It cannot be called.
        ValueError: It is written in C and does not tell.
    """
    return inspect.signature(function.__init__ if inspect.isclass(function) else function).parameters


def accepted(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what the trainer gives, what the function or the class' constructor takes by name."""
    names = parameters_of(function)
    return {name: value for name, value in given.items() if name in names}


def _takes(function: Callable[..., Any], name: str, component: Component) -> bool:
    """Whether it takes an argument by name. Keras' own classes refuse most of what their `**kwargs` seem to take."""
    try:
        parameters = parameters_of(function)
    except (TypeError, ValueError):
        return True
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return name in parameters or (takes_any and component.file is not None)


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
