"""Components inside the arguments of components: a schedule in a callback, the loss of an output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.config.component import Component

OUTPUT_ARGUMENTS = (
    Argument(
        name="loss",
        kind="component",
        component="loss",
        optional=True,
        description="What training minimises at this output. Empty: the loss that fits the task.",
    ),
    Argument(
        name="weight",
        kind="float",
        default=1.0,
        minimum=0.0,
        description="How much this output's loss counts in the sum of all.",
    ),
    Argument(
        name="metrics",
        kind="components",
        component="metric",
        optional=True,
        description="Figures reported for this output. Empty: those that fit the task.",
    ),
)
"""What can be set for each output of a model with several."""


def output_entry(name: str) -> Entry:
    """The entry of an output: any name will do, as only the model knows which there are."""
    return Entry(
        name=name,
        kind="output",
        title=name,
        description="The loss, its weight and the metrics of one output of the model, by the output's name.",
        arguments=OUTPUT_ARGUMENTS,
    )


def nested_arguments(
    entry: Entry, arguments: Mapping[str, Any]
) -> Iterator[tuple[str, Argument, ComponentKind, Component]]:
    """Every component among the arguments, with its key such as `loss` or `metrics.0`, its argument and its kind.

    What is no component although it should be one is left out; `component_problem` tells.
    """
    for argument in entry.arguments:
        value = arguments.get(argument.name)
        kind: Any = argument.component
        if argument.kind == "component" and (component := as_component(value)) is not None:
            yield argument.name, argument, kind, component
        if argument.kind == "components" and isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                if (component := as_component(item)) is not None:
                    yield f"{argument.name}.{index}", argument, kind, component


def as_component(value: Any) -> Component | None:
    """A component from its name or its long form; `None` if it is neither."""
    if not isinstance(value, (str, dict)) or not value:
        return None
    try:
        return Component.model_validate(value)
    except ValidationError:
        return None


def component_problem(argument: Argument, value: Any) -> str | None:
    """Why a value does not fit an argument of kind `component` or `components`; `None` if it does."""
    if argument.kind == "component":
        is_right = as_component(value) is not None
        wanted = f"the name of a {argument.component}, or {{name, file, arguments}}"
    else:
        is_right = isinstance(value, (list, tuple)) and all(as_component(item) is not None for item in value)
        wanted = f"a list of {argument.component} names, or of {{name, file, arguments}}"
    return None if is_right else f"Expected {wanted}, received {value!r}."
