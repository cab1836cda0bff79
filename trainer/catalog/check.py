"""Checks that need more than the schema: do the named components, their arguments and the folders exist?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.catalog.augmentation_support import data_step_problems, picture_step_problem
from trainer.catalog.catalog import GROUP_OF_OURS, built_in, catalog
from trainer.catalog.check_folds import fold_problems
from trainer.catalog.check_runtime import runtime_problems
from trainer.catalog.check_training import training_problems
from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.catalog.functions import read_functions
from trainer.catalog.label_forms import label_form_problems
from trainer.catalog.label_smoothing import label_smoothing_problem
from trainer.catalog.nested import component_problem, nested_arguments, output_entry
from trainer.catalog.schedule_limits import schedule_problems
from trainer.catalog.task_fit import fit_problems, is_for_task
from trainer.catalog.unused_settings import unused_problems
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.describe import all_settings
from trainer.config.paths import resolve
from trainer.config.suggest import did_you_mean
from trainer.config.task import TASKS
from trainer.errors import Problem, UserCodeError

PICTURE_TABLES = (".csv", ".tsv", ".tab", ".txt", ".json")
"""Endings of files that say which pictures there are."""
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
    found = [*_folder_problems(config, base_dir), *_model_problems(config), *runtime_problems(config)]
    for key, kind, component in components_of(config, base_dir):
        found += _component_problems(key, kind, component, base_dir)
    found += [*training_problems(config, base_dir), *fold_problems(config), *data_step_problems(config)]
    found += [*schedule_problems(config), *label_form_problems(config), *fit_problems(config)]
    if smoothing := label_smoothing_problem(config):
        found.append(smoothing)
    if config.project.task.startswith("tabular") and config.data.loader.file is None:
        found += [problem] if (problem := picture_step_problem(config, "rows of a table")) else []
    return (*found, *unused_problems(config, found))


def components_of(config: Config, base_dir: Path | None = None) -> Iterator[tuple[str, ComponentKind, Component]]:
    """Every chosen component with its dotted key and kind, also those inside the arguments of others.

    Args:
        config: The configuration.
        base_dir: Folder that relative paths start from; not needed where all are absolute.
    """
    for key, setting in all_settings().items():
        if setting.kind not in ("component", "components"):
            continue
        chosen = _attribute(config, key)
        kind: Any = setting.component
        if isinstance(chosen, Component):
            yield from _with_nested(key, kind, chosen, base_dir or Path())
        for index, item in enumerate(chosen if isinstance(chosen, tuple) else ()):
            yield from _with_nested(f"{key}.{index}", kind, item, base_dir or Path())


def _with_nested(
    key: str, kind: ComponentKind, component: Component, base_dir: Path
) -> Iterator[tuple[str, ComponentKind, Component]]:
    yield key, kind, component
    try:
        entry = find_entry(kind, component, base_dir)
    except UserCodeError:  # told by the check of this component; nothing is known of its arguments
        return
    if entry is not None:
        for name, _, inner_kind, inner in nested_arguments(entry, component.arguments):
            yield from _with_nested(f"{key}.arguments.{name}", inner_kind, inner, base_dir)


def _attribute(config: Config, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _folder_problems(config: Config, base_dir: Path) -> Iterator[Problem]:
    if not config.data.train_dir and config.data.loader.file is None:
        yield Problem("data.train_dir", "Choose the folder or file with the training data.")
    for key in ("data.train_dir", "data.val_dir", "data.test_dir"):
        path = _attribute(config, key)
        if path and (message := _place_message(resolve(path, base_dir), config.data.loader)):
            yield Problem(key, message)


def _place_message(path: Path, loader: Component) -> str:
    is_of_pictures = loader.file is None and loader.name == "ImageDataLoader"
    needs_folder = is_of_pictures and path.suffix.lower() not in PICTURE_TABLES
    try:
        if path.is_dir() if needs_folder else path.exists():
            return ""
        if path.is_file():
            return f"{path} is a file. Choose a folder of pictures, or for a table, CSVDataLoader as loader."
        return f"There is no {'folder' if needs_folder else 'folder or file'} {path}."
    except OSError as error:
        return f"{str(path)[:200]} cannot be looked at: {error.strerror or error}."


def _model_problems(config: Config) -> Iterator[Problem]:
    entry = built_in("model", config.model.architecture)
    if entry is not None:
        yield from _task_problems(config, entry)
    is_keras = entry is not None and entry.group == "keras.applications"
    if config.model.pretrained and not is_keras:
        yield Problem(
            "model.pretrained",
            "Pretrained weights exist only for models of keras.applications. Switch this off or choose one of those.",
        )
    if config.model.pretrained and is_keras and config.data.color_mode != "rgb":
        yield Problem("model.pretrained", f"Pretrained weights expect rgb pictures, received {config.data.color_mode}.")
    smallest = entry.smallest_side if entry is not None else 0
    if min(config.data.image_size) < smallest:
        height, width = config.data.image_size
        yield Problem(
            "data.image_size",
            f"{config.model.architecture.name} needs pictures of at least {smallest} × {smallest}, "
            f"received {height} × {width}.",
        )


def _task_problems(config: Config, entry: Entry) -> Iterator[Problem]:
    task = config.project.task
    if is_for_task(entry, task):
        return
    fitting = [other.name for other in catalog().entries("model") if is_for_task(other, task)]
    some = ", ".join(fitting[:5]) + (" …" if len(fitting) > 5 else "")
    yield Problem(
        "model.architecture", f"{entry.name} is not made for {TASKS[task].title.lower()}. Choose one of {some}"
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
    if entry.unusable_because:
        place = f"{component.file}:{entry.line}: " if component.file else ""
        yield Problem(key, f"{place}{entry.name} cannot be used as {kind}. {entry.unusable_because}")
        return
    yield from _argument_problems(key, entry, component)
    if kind == "schedule" and ".arguments." in key:
        yield from _inner_schedule_problems(key, entry, component)


def _inner_schedule_problems(key: str, entry: Entry, component: Component) -> Iterator[Problem]:
    """Of a schedule inside an optimizer or a callback, which knows less than the one of the training."""
    name = "initial_learning_rate"
    if entry.group == GROUP_OF_OURS:
        yield Problem(
            key,
            f"{entry.name} follows the length of the training. Choose it as training.learning_rate_schedule, or take "
            "one of Keras here.",
        )
    elif ".callbacks." in key and entry.argument(name) is not None and name not in component.arguments:
        yield Problem(f"{key}.arguments.{name}", f"{entry.name} starts from a rate of its own in a callback. Give it.")


def find_entry(kind: ComponentKind, component: Component, base_dir: Path) -> Entry | None:
    """What a component refers to, built in or in its file; `None` if there is no such thing.

    A component with a file and no name means the only function or class in that file that fits the kind. An output is
    found whatever its name is, as only the model knows which outputs there are.

    Raises:
        UserCodeError: The file cannot be read or is no valid Python.
    """
    if kind == "output":
        return output_entry(component.name)
    if component.file is None:
        return catalog().find(kind, component.name)
    entries = read_functions(resolve(component.file, base_dir), kind)
    if not component.name:
        entries = _fitting(entries)
        return entries[0] if len(entries) == 1 else None
    return next((entry for entry in entries if entry.name == component.name), None)


def _fitting(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Those that fit their kind; all where none does, so that the reason can be told."""
    return tuple(entry for entry in entries if not entry.unusable_because) or entries


def _unknown(kind: ComponentKind, component: Component, base_dir: Path) -> str:
    if component.file is None:
        hint = did_you_mean(component.name, catalog().names(kind))
        return f"There is no {kind} called '{component.name}'.{hint}"
    entries = _fitting(read_functions(resolve(component.file, base_dir), kind))
    listed = ", ".join(entry.name for entry in entries) or "nothing"
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
    if argument.kind in ("component", "components"):
        return component_problem(argument, value)
    if not isinstance(value, _TYPES[argument.kind]) or (isinstance(value, bool) and argument.kind != "bool"):
        noun = _NOUNS.get(argument.kind, f"one of {', '.join(argument.choices)}")
        example = f", such as [{value}]" if argument.kind == "list" and isinstance(value, str) else ""
        return f"Expected {noun}{example}, received {value!r}."
    if argument.kind == "choice" and value not in argument.choices:
        return f"Expected one of {', '.join(argument.choices)}, received {value!r}."
    if isinstance(value, list) and argument.choices and any(item not in argument.choices for item in value):
        return f"Expected any of {', '.join(argument.choices)}, received {value!r}."
    return _bound_message(argument, value)


def _bound_message(argument: Argument, value: Any) -> str | None:
    low, high = argument.minimum, argument.maximum
    if argument.kind not in ("int", "float") or not (
        (low is not None and value < low) or (high is not None and value > high)
    ):
        return None
    if low is not None and high is not None:
        wanted = f"from {low:.12g} to {high:.12g}"
    else:
        wanted = f"of at least {low:.12g}" if low is not None else f"of at most {high:.12g}"
    return f"Expected {_NOUNS[argument.kind]} {wanted}, received {value!r}."
