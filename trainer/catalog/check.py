"""Checks that need more than the schema: do the named components, their arguments and the folders exist?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.catalog.catalog import catalog
from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.catalog.functions import read_functions
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.describe import all_settings
from trainer.config.paths import resolve
from trainer.config.suggest import did_you_mean
from trainer.errors import Problem, UserCodeError

_TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "text": (str,),
    "choice": (str,),
    "list": (list,),
}
_NOUNS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "text": "a text",
    "list": "a list",
}


def check_config(config: Config, base_dir: Path) -> tuple[Problem, ...]:
    """Problems of a valid configuration that can be found without reading data or importing Keras.

    Args:
        config: The configuration.
        base_dir: Folder that relative paths start from.
    """
    found = [*_folder_problems(config, base_dir), *_model_problems(config)]
    for key, kind, component in components_of(config):
        found += _component_problems(key, kind, component, base_dir)
    return tuple(found)


def components_of(config: Config) -> Iterator[tuple[str, ComponentKind, Component]]:
    """Every chosen component with its dotted key and kind."""
    for key, setting in all_settings().items():
        if setting.kind not in ("component", "components"):
            continue
        chosen = _attribute(config, key)
        kind: Any = setting.component
        if isinstance(chosen, Component):
            yield key, kind, chosen
        for index, item in enumerate(chosen if isinstance(chosen, tuple) else ()):
            yield f"{key}.{index}", kind, item


def _attribute(config: Config, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _folder_problems(config: Config, base_dir: Path) -> Iterator[Problem]:
    if not config.data.train_dir:
        yield Problem("data.train_dir", "Choose the folder with the training pictures.")
    for key in ("data.train_dir", "data.val_dir", "data.test_dir"):
        path = _attribute(config, key)
        if path and (message := _folder_message(resolve(path, base_dir))):
            yield Problem(key, message)


def _folder_message(path: Path) -> str:
    try:
        return "" if path.is_dir() else f"There is no folder {path}."
    except OSError as error:
        return f"The folder {str(path)[:200]} cannot be looked at: {error.strerror or error}."


def _model_problems(config: Config) -> Iterator[Problem]:
    entry = catalog().find("model", config.model.architecture.name)
    is_keras = entry is not None and entry.group == "keras.applications" and not config.model.architecture.file
    if config.model.pretrained and not is_keras:
        yield Problem(
            "model.pretrained",
            "Pretrained weights exist only for models of keras.applications. Switch this off or choose one of those.",
        )
    if config.model.pretrained and is_keras and config.data.color_mode != "rgb":
        yield Problem("model.pretrained", f"Pretrained weights expect rgb pictures, received {config.data.color_mode}.")
    smallest = entry.smallest_side if entry is not None and not config.model.architecture.file else 0
    if min(config.data.image_size) < smallest:
        height, width = config.data.image_size
        yield Problem(
            "data.image_size",
            f"{config.model.architecture.name} needs pictures of at least {smallest} × {smallest}, "
            f"received {height} × {width}.",
        )


def _component_problems(key: str, kind: ComponentKind, component: Component, base_dir: Path) -> Iterator[Problem]:
    try:
        entry = find_entry(kind, component, base_dir)
    except UserCodeError as error:
        yield Problem(key, str(error))
        return
    if entry is None:
        yield Problem(key, _unknown(kind, component, base_dir))
        return
    yield from _argument_problems(key, entry, component)


def find_entry(kind: ComponentKind, component: Component, base_dir: Path) -> Entry | None:
    """What a component refers to, built in or in its file; `None` if there is no such thing.

    A component with a file and no name means the only function or class in that file.

    Raises:
        UserCodeError: The file cannot be read or is no valid Python.
    """
    if component.file is None:
        return catalog().find(kind, component.name)
    entries = read_functions(resolve(component.file, base_dir), kind)
    if not component.name:
        return entries[0] if len(entries) == 1 else None
    return next((entry for entry in entries if entry.name == component.name), None)


def _unknown(kind: ComponentKind, component: Component, base_dir: Path) -> str:
    if component.file is None:
        hint = did_you_mean(component.name, catalog().names(kind))
        return f"There is no {kind} called '{component.name}'.{hint}"
    names = [entry.name for entry in read_functions(resolve(component.file, base_dir), kind)]
    listed = ", ".join(names) or "nothing"
    if not component.name:
        return f"{component.file} defines {listed}; give the name of the one to use as {kind}."
    return f"{component.file} has no function or class '{component.name}'; it defines {listed}."


def _argument_problems(key: str, entry: Entry, component: Component) -> Iterator[Problem]:
    names = [argument.name for argument in entry.arguments]
    for name, value in component.arguments.items():
        argument = entry.argument(name)
        if argument is None:
            if not entry.takes_any_argument:
                hint = did_you_mean(name, names) or f" It has {', '.join(names) or 'none'}."
                yield Problem(f"{key}.arguments.{name}", f"{entry.name} has no argument '{name}'.{hint}")
        elif message := _value_message(argument, value):
            yield Problem(f"{key}.arguments.{name}", message)
    for argument in entry.arguments:
        if argument.required and argument.name not in component.arguments:
            yield Problem(f"{key}.arguments.{argument.name}", f"{entry.name} needs a value for '{argument.name}'.")


def _value_message(argument: Argument, value: Any) -> str | None:
    if argument.kind == "any" or (value is None and (argument.optional or argument.default is None)):
        return None
    allowed = _TYPES[argument.kind]
    if not isinstance(value, allowed) or (isinstance(value, bool) and argument.kind != "bool"):
        noun = _NOUNS.get(argument.kind, f"one of {', '.join(argument.choices)}")
        return f"Expected {noun}, received {value!r}."
    if argument.kind == "choice" and value not in argument.choices:
        return f"Expected one of {', '.join(argument.choices)}, received {value!r}."
    return None
