"""The nearest known name, for messages about unknown ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, ignoring case, dashes and underscores; `None` if none is near.

    >>> nearest("ResNet-50", ["ResNet50", "VGG16"])
    'ResNet50'
    >>> nearest("zebra", ["ResNet50"]) is None
    True
    """
    folded = {fold(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(fold(name), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def fold(name: str) -> str:
    """`name` in lower case without dashes, underscores and spaces."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known name, or an empty text."""
    candidate = nearest(name, known)
    return f" Did you mean '{candidate}'?" if candidate else ""
