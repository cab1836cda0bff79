"""The optimizer, its learning rate and its arguments."""

from __future__ import annotations

from typing import Any

from trainer.config.migrations.foreign_keys import ForeignKeys, component, names_in_words, number, shown
from trainer.config.suggest import fold

_NAMES = {
    fold(name): name
    for name in ("Adam", "AdamW", "Adamax", "Nadam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adafactor", "Lion")
}
_ARGUMENTS = {
    "momentum": ("SGD", "RMSprop"),
    "betas": ("Adam", "AdamW", "Adamax", "Nadam", "Lion"),
    "amsgrad": ("Adam", "AdamW"),
}
"""Arguments that only some optimizers take, and which."""
_USUAL_MOMENTUM = 0.9
_MOMENTUM_ADDED = ": with the usual momentum, as the file gives none"
_OTHER_NAMES = {"eps": "epsilon", "alpha": "rho"}
_DECOUPLED = (
    "Keras takes the decay off the weights themselves, as AdamW does, where PyTorch's other optimizers add it to the "
    "gradient"
)


def map_optimizer(foreign: ForeignKeys) -> None:
    """Optimizer with arguments, learning rate and weight decay."""
    foreign.move("learning_rate", "training.initial_learning_rate")
    name = _name(foreign)
    decay = foreign.first("optimizer.weight_decay", "weight_decay")
    if decay is not None:
        because = _DECOUPLED if number(foreign.value(decay)) and name != "AdamW" else ""
        foreign.move(decay, "training.weight_decay", because=because)
    elif name != "AdamW" and number(foreign.setting("training.weight_decay")):
        foreign.note(f"training.weight_decay stays what it is: {_DECOUPLED}.")
    _optimizer(foreign, name)


def _word(foreign: ForeignKeys) -> str | None:
    return foreign.first("optimizer.type", "optimizer_type", "optimizer")


def _name(foreign: ForeignKeys) -> str:
    """The name that the optimizer has in Keras; empty without one."""
    word = _word(foreign)
    received = foreign.value(word) if word is not None else None
    return _NAMES.get(fold(received), "") if isinstance(received, str) else ""


def _optimizer(foreign: ForeignKeys, name: str) -> None:
    word = _word(foreign)
    if word is None or (foreign.key(word) == "training.optimizer" and not name):
        return
    received = foreign.value(word)
    if not isinstance(received, str):
        return
    words = _argument_words(foreign, name)
    told = foreign.told(word, *words.values())
    foreign.take(word)
    arguments = {argument: number(foreign.take(found)) for argument, found in words.items()}
    arguments |= {_OTHER_NAMES.get(inner, inner): number(value) for inner, value in foreign.rest("optimizer").items()}
    chosen = component(name or received, _as_in_keras(arguments, name))
    foreign.put("training.optimizer", chosen, word)
    because = _MOMENTUM_ADDED if name == "SGD" and "momentum" not in arguments else ""
    foreign.note(f"{told} became training.optimizer {shown(chosen)}{because}.")


def _argument_words(foreign: ForeignKeys, name: str) -> dict[str, str]:
    """Words of the arguments that the optimizer takes; the others are dropped with a note."""
    found: dict[str, str] = {}
    for argument, optimizers in _ARGUMENTS.items():
        word = foreign.first(f"optimizer.{argument}", argument)
        if word is not None and (not name or name in optimizers):
            found[argument] = word
        elif word is not None:
            foreign.drop(word, f"{name} has no such argument; {names_in_words(optimizers)} have")
    return found


def _as_in_keras(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    betas = arguments.get("betas")
    if isinstance(betas, list) and len(betas) == 2:
        first, second = map(number, betas)
        arguments = {inner: value for inner, value in arguments.items() if inner != "betas"}
        arguments |= {"beta_1": first, "beta_2": second}
    return {"momentum": _USUAL_MOMENTUM, **arguments} if name == "SGD" else arguments
