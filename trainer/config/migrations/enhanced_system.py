"""The forms printed by the documentation of the enhanced training system."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Values = dict[str, Any]
Notes = list[str]


def _data_loader(values: Values, notes: Notes) -> None:
    """`data.data_loader.selected_data_loader` of the enhanced training system."""
    data = values.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("data_loader"), dict):
        return
    form = data.pop("data_loader")
    name = str(form.pop("selected_data_loader", None) or "ImageDataLoader")
    component: Values = {"name": name.removeprefix("Custom_")}
    if path := form.pop("custom_data_loader_file_path", None):
        component["file"] = path
    component |= _arguments(form)
    data["loader"] = component
    notes.append(f"data.data_loader.selected_data_loader '{name}' became data.loader.")


def _model_name(values: Values, notes: Notes) -> None:
    """`model.model_name` and `model.model_parameters` of the enhanced training system."""
    model = values.get("model")
    if not isinstance(model, dict) or not {"model_name", "model_parameters"} & model.keys():
        return
    if not isinstance(model.get("model_parameters", {}), dict):
        return
    parameters = dict(model.pop("model_parameters", {}))
    component: Values = {}
    if name := model.pop("model_name", None):
        component["name"] = re.sub(r"[-_ ]", "", str(name))
        notes.append(f"model.model_name '{name}' became model.architecture '{component['name']}'.")
    if path := parameters.pop("custom_model_file_path", None):
        component["file"] = path
        notes.append("model.model_parameters.custom_model_file_path became model.architecture.file.")
    if "dropout_rate" in parameters:
        model["dropout_rate"] = parameters.pop("dropout_rate")
        notes.append("model.model_parameters.dropout_rate became model.dropout_rate.")
    component |= _arguments(parameters)
    if component:
        model["architecture"] = component


def _training_loop(values: Values, notes: Notes) -> None:
    """`training.training_loop.selected_strategy` of the enhanced training system."""
    training = values.get("training")
    if not isinstance(training, dict) or not isinstance(training.get("training_loop"), dict):
        return
    if "selected_strategy" not in training["training_loop"]:
        return
    form = training.pop("training_loop")
    strategy = str(form.pop("selected_strategy") or "")
    if strategy in ("Standard Training", "Default Training Loop", ""):
        notes.append(f"training.training_loop '{strategy}' is what happens by itself; the key was dropped.")
        return
    component: Values = {"name": strategy.removeprefix("Custom_")}
    if path := form.pop("custom_training_loop_file_path", None):
        component["file"] = path
    training["training_loop"] = component | _arguments(form)
    notes.append(f"training.training_loop.selected_strategy '{strategy}' became training.training_loop.")


def _arguments(form: Values) -> Values:
    """What is left of a form as `arguments`, with `kwargs` read from its JSON text."""
    arguments = dict(form)
    kwargs = arguments.pop("kwargs", None)
    if isinstance(kwargs, str):
        try:
            kwargs = json.loads(kwargs)
        except ValueError:
            arguments["kwargs"] = kwargs
    if isinstance(kwargs, dict):
        arguments |= kwargs
    return {"arguments": arguments} if arguments else {}


ENHANCED_SYSTEM_FORMS: tuple[Callable[[Values, Notes], None], ...] = (_data_loader, _model_name, _training_loop)
"""Each changes values in place where it finds its form, and adds a note per key."""
