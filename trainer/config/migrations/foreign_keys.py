"""Finds the words of other trainers in plain values, and moves them to the settings that mean the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from trainer.config.describe import all_settings
from trainer.config.migrations.words import GROUPS, SHARED_WORDS, WORDS

Values = dict[str, Any]
_SECTIONS = ("", "model.", "training.", "data.")
_OWN_SECTIONS = ("model", "training", "data", "checkpoints", "runtime")
_MISSING: Any = object()


class ForeignKeys:
    """The words of other trainers that stand in a configuration.

    A word counts as foreign where the schema has no such setting, or where a section of the schema holds a plain
    value. `SHARED_WORDS` name settings of ours too; they are found, but make no configuration foreign.

    Args:
        values: Plain values; changed in place.
        notes: Gets a sentence per key.
    """

    def __init__(self, values: Values, notes: list[str]) -> None:
        self._values = values
        self._notes = notes
        self._keys: dict[str, str] = {}
        self._taken: set[str] = set()
        self._accounted: set[str] = set()
        self._before = dict(_leaves(values))
        self.moved: dict[str, str] = {}
        self.count = 0
        if all(_may_hold_settings(section, values.get(section)) for section in _OWN_SECTIONS):
            for word in WORDS:
                self._find(word)

    def __contains__(self, word: str) -> bool:
        """Whether a word stands in the file and was not taken yet."""
        return word in self._keys and word not in self._taken

    def key(self, word: str) -> str:
        """Dotted key under which a word stands in the file, or stood before it was taken."""
        return self._keys[word]

    def first(self, *words: str) -> str | None:
        """The first of several words for one thing that stands in the file and was not taken yet."""
        return next((word for word in words if word in self), None)

    def value(self, word: str, default: Any = None) -> Any:
        """Value of a word, or `default`."""
        return _lookup(self._values, self._keys[word], default) if word in self else default

    def take(self, word: str, default: Any = None) -> Any:
        """Value of a word, which leaves the configuration; `default` where it does not stand there."""
        if word not in self:
            return default
        self._taken.add(word)
        self._accounted.add(self._keys[word])
        return _remove(self._values, self._keys[word])

    def put(self, setting: str, value: Any, *words: str) -> None:
        """Give a setting of ours its value; an error in it points at the line of the first word."""
        _store(self._values, setting, value)
        if words:
            self.moved[setting] = self._keys[words[0]]

    def setting(self, key: str) -> Any:
        """Value of a setting of ours as it stands now, `None` where it is not mentioned."""
        return _lookup(self._values, key, None)

    def move(self, word: str, setting: str, value: Any = _MISSING, because: str = "") -> None:
        """A word becomes a setting: with its own value, or another one.

        Nothing happens where the word does not stand in the file, or where the setting has a value already: then the
        word stays, for the validation to name.
        """
        if word not in self or _lookup(self._values, setting, None) is not None:
            return
        received = self.take(word)
        new = received if value is _MISSING else value
        self.put(setting, new, word)
        became = setting if shown(new) == shown(received) else f"{setting} {shown(new)}"
        self.note(f"{self._said(word, received)} became {became}{_reason(because)}.")

    def drop(self, word: str, because: str) -> None:
        """A word that does not apply leaves the configuration, with the reason."""
        if word in self:
            received = self.take(word)
            self.note(f"{self._said(word, received)} does not apply: {because}.")

    def note(self, sentence: str) -> None:
        """Say what became of a key."""
        self._notes.append(sentence)

    def told(self, *words: str) -> str:
        """Keys and values of words, for a sentence that begins with them. Call it before taking them."""
        known = [word for word in words if word in self]
        return ", ".join(self._said(word, self.value(word)) for word in known)

    def rest(self, group: str) -> Values:
        """Names and values of a group's keys that are no known words; they leave the configuration."""
        found = _lookup(self._values, self._group(group), None)
        names = [name for name in found if f"{group}.{name}" not in WORDS] if isinstance(found, dict) else []
        self._accounted |= {f"{self._group(group)}.{name}" for name in names}
        return {name: found.pop(name) for name in names}

    def move_rest(self, group: str, section: str) -> None:
        """A group's keys that are no known words become settings of a section of ours, where they are validated."""
        key = self._group(group)
        for name, value in self.rest(group).items():
            self.moved[f"{section}.{name}"] = f"{key}.{name}"
            _store(self._values, f"{section}.{name}", value)
            self.note(f"{key}.{name} {shown(value)} became {section}.{name}.")

    def lost(self) -> list[str]:
        """Keys that neither were taken nor stand where they stood: something was written over."""
        return [
            key
            for key, value in self._before.items()
            if not any(key == taken or key.startswith(f"{taken}.") for taken in self._accounted)
            and _lookup(self._values, key, _MISSING) != value
        ]

    def drop_empty_groups(self) -> None:
        """Groups of which every key was taken go as a whole."""
        for group in GROUPS:
            for prefix in _SECTIONS:
                if _lookup(self._values, f"{prefix}{group}", None) == {}:
                    _remove(self._values, f"{prefix}{group}")

    def _group(self, group: str) -> str:
        """Dotted key of the group whose words were found."""
        keys = [key for word, key in self._keys.items() if word.startswith(f"{group}.")]
        return keys[0][: keys[0].index(group) + len(group)] if keys else ""

    def _said(self, word: str, value: Any) -> str:
        return f"{self._keys[word]} {shown(value)}"

    def _find(self, word: str) -> None:
        for prefix in _SECTIONS:
            key = f"{prefix}{word}"
            value = _lookup(self._values, key, _MISSING)
            if value is _MISSING or isinstance(value, dict):
                continue
            setting = all_settings().get(key)
            is_foreign = setting is None or (setting.kind == "section" and value is not None)
            if is_foreign or (key in SHARED_WORDS and isinstance(value, str)):
                self._keys[word] = key
                self.count += is_foreign
                return


def shown(value: Any) -> str:
    """A value as it stands in the sentences: texts in quotes, components as a call."""
    if isinstance(value, dict) and "name" in value:
        arguments = ", ".join(f"{name}={shown(inner)}" for name, inner in value.get("arguments", {}).items())
        return f"{value['name']}({arguments})" if arguments else str(value["name"])
    if isinstance(value, str):
        return f"'{value}'"
    return json.dumps(value, default=str)


def number(value: Any) -> Any:
    """A number that was written as a text, such as '1e-4', as number; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def component(name: str, arguments: Values | None = None) -> Values:
    """A choice by name in its plain form."""
    return {"name": name, "arguments": arguments} if arguments else {"name": name}


def names_in_words(names: Iterable[str]) -> str:
    """`a, b and c`."""
    listed = list(names)
    return " and ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else "".join(listed)


def _may_hold_settings(section: str, value: Any) -> bool:
    return value is None or isinstance(value, dict) or (section == "model" and isinstance(value, str))


def _reason(because: str) -> str:
    return f": {because}" if because else ""


def _lookup(values: Any, key: str, default: Any) -> Any:
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return default
        values = values[part]
    return values


def _store(values: Values, key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for part in parents:
        inner = values.get(part)
        if not isinstance(inner, dict):
            inner = values[part] = {}
        values = inner
    values[last] = value


def _remove(values: Any, key: str) -> Any:
    *parents, last = key.split(".")
    for part in parents:
        values = values.get(part) if isinstance(values, dict) else None
    return values.pop(last, None) if isinstance(values, dict) else None


def _leaves(values: Values, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Values that hold no keys, by dotted key."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
