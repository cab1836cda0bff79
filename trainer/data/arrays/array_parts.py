"""Which part of the data a name such as `x_train`, `test/images` or `val-00001-of-00004` speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable

PART_WORDS = {
    "train": ("train", "training", "trn"),
    "validation": ("val", "valid", "validation", "dev", "eval"),
    "test": ("test", "testing", "tst"),
}
_PLACEHOLDER = "{part}"


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, such as `("x", "train")` for `x_train` or `XTrain`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(re.findall(r"[a-z0-9]+", spaced.lower()))


def part_of(name: str) -> str:
    """`train`, `validation` or `test`; empty where the name speaks of none."""
    words = words_of(name)
    return next((part for part, known in PART_WORDS.items() if any(word in known for word in words)), "")


def names_for(part: str, names: Iterable[str]) -> list[str]:
    """The names that speak of a part; where none does, those that speak of no part at all."""
    names = list(names)
    own = [name for name in names if part_of(name) == part]
    return own or [name for name in names if not part_of(name)]


def without_part(name: str) -> tuple[str, ...]:
    """The words of a name that do not speak of a part."""
    known = {word for words in PART_WORDS.values() for word in words}
    return tuple(word for word in words_of(name) if word not in known)


def filled_in(name: str, part: str) -> list[str]:
    """The names that `x_{part}` may stand for; the name itself without a placeholder."""
    if _PLACEHOLDER not in name:
        return [name]
    return [name.replace(_PLACEHOLDER, word) for word in PART_WORDS[part]]
