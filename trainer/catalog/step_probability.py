"""The probability that every augmentation step has."""

from __future__ import annotations

from trainer.catalog.entry import Argument, Entry

PROBABILITY = "probability"


def with_probability(entry: Entry) -> Entry:
    """The entry of an augmentation step with the argument that says how often it is applied, unless it has its own."""
    if entry.kind != "augmentation" or entry.unusable_because or entry.argument(PROBABILITY) is not None:
        return entry
    argument = Argument(
        name=PROBABILITY,
        kind="float",
        default=1.0,
        minimum=0.0,
        maximum=1.0,
        description="Share of the pictures that this step is applied to, drawn for each picture.",
    )
    return entry.model_copy(update={"arguments": (*entry.arguments, argument)})
