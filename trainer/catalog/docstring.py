"""Google-style docstrings: the summary, and the text and the notes of each argument."""

from __future__ import annotations

import functools
import inspect
import re

_HEADING = re.compile(r"^(?:Args|Arguments|Parameters)\s*:\s*$")
_OTHER_HEADING = re.compile(r"^[A-Z][A-Za-z ]*:\s*$")
_ARGUMENT = re.compile(r"^(\*{0,2}\w+)\s*(?:\(([^)]*)\))?\s*:\s*(.*)$")


def summary(docstring: str | None) -> str:
    """The first paragraph in one line; empty without a docstring.

    >>> summary("Adam: an optimizer.\\n\\nMore.")
    'Adam: an optimizer.'
    """
    if not docstring:
        return ""
    return " ".join(inspect.cleandoc(docstring).split("\n\n")[0].split())


def argument_texts(docstring: str | None) -> dict[str, str]:
    """Description of each argument, by name, in one line.

    >>> argument_texts("Do.\\n\\nArgs:\\n    rate: How much,\\n        from 0 to 1.\\n")
    {'rate': 'How much, from 0 to 1.'}
    """
    return {name: " ".join(" ".join(lines).split()) for name, (_, lines) in _arguments(docstring).items()}


def argument_notes(docstring: str | None) -> dict[str, tuple[str, ...]]:
    """What stands in parentheses after the name of each argument, divided at commas; only where something does.

    >>> argument_notes("Do.\\n\\nArgs:\\n    rate (float, 0..1): How much.\\n")
    {'rate': ('float', '0..1')}
    """
    return {
        name: tuple(part.strip() for part in notes.split(","))
        for name, (notes, _) in _arguments(docstring).items()
        if notes
    }


@functools.lru_cache(maxsize=4)  # texts and notes are asked for one after the other
def _arguments(docstring: str | None) -> dict[str, tuple[str, list[str]]]:
    """Notes and lines of text of each argument."""
    found: dict[str, tuple[str, list[str]]] = {}
    current: list[str] | None = None
    inside = False
    for line in inspect.cleandoc(docstring or "").splitlines():
        if not line.startswith(" "):
            inside = bool(_HEADING.match(line)) or (inside and not line.strip())
            current = None if _OTHER_HEADING.match(line) else current
            continue
        if not inside:
            continue
        match = _ARGUMENT.match(line.strip())
        if match and len(line) - len(line.lstrip()) <= 4:
            _, current = found.setdefault(match[1].lstrip("*"), (match[2] or "", []))
            current.append(match[3])
        elif current is not None:
            current.append(line.strip())
    return found
