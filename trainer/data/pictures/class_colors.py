"""Names and colours of the classes of masks, from the lists that other programs write beside them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainer.data.pictures.image_folder import TRAIN_NAMES

_STEMS = (
    "class_dict", "labelmap", "label_map", "label_colors", "class_colors", "colormap", "color_map", "classmap",
    "class_map", "palette", "classes", "labels",
)  # fmt: skip
_ENDINGS = (".csv", ".txt", ".json")
_NAME_COLUMNS = ("name", "class", "label", "class_name", "category")
_CHANNELS = (("r", "g", "b"), ("red", "green", "blue"))
_COLON_LINE = re.compile(r"^(?P<name>[^:#]+):(?P<color>\d+\s*,\s*\d+\s*,\s*\d+)(:|$)")
_COLOR_FIRST = re.compile(r"^(?P<color>\d+[\s,]+\d+[\s,]+\d+)[\s,]+(?P<name>\D.*)$")
_COLOR_LAST = re.compile(r"^(?P<name>\D.*?)[\s,;]+(?P<color>\d+[\s,]+\d+[\s,]+\d+)$")


def listed_colors(place: Path) -> dict[str, int]:
    """Classes and their colours as 0xRRGGBB, in the order of the list; empty where there is no list.

    Read are `class_dict.csv` (columns name, r, g, b), `labelmap.txt` as CVAT writes it (`name:r,g,b:…`),
    `label_colors.txt` (`r g b name`), JSON objects of names and colours, and files of like names, in the folder or, of
    a training part, in the one above.
    """
    above = (place.parent,) if place.name.lower() in TRAIN_NAMES else ()
    for folder in (place, *above):
        for stem in _STEMS:
            for ending in _ENDINGS:
                if found := _read(folder / f"{stem}{ending}"):
                    return found
    return {}


def _read(path: Path) -> dict[str, int]:
    """What a file lists; nothing where it is missing or lists something else."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return {}
    if path.suffix == ".json":
        return _of_json(text)
    return _of_columns(text) or _of_lines(text.splitlines())


def _of_columns(text: str) -> dict[str, int]:
    rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    header = [field.strip().lower() for field in rows[0]] if rows else []
    name = next((word for word in _NAME_COLUMNS if word in header), None)
    channels = next((words for words in _CHANNELS if set(words) <= set(header)), None)
    if name is None or channels is None:
        return {}
    places = [header.index(word) for word in (name, *channels)]
    fields = ([row[place].strip() for place in places] for row in rows[1:] if len(row) > max(places))
    return _colors((own[0], own[1:]) for own in fields)


def _of_lines(lines: Iterable[str]) -> dict[str, int]:
    matches = (
        _COLON_LINE.match(line.strip()) or _COLOR_FIRST.match(line.strip()) or _COLOR_LAST.match(line.strip())
        for line in lines
        if not line.startswith("#")
    )
    return _colors((match["name"].strip(), re.split(r"[\s,]+", match["color"])) for match in matches if match)


def _of_json(text: str) -> dict[str, int]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    if isinstance(content, dict):
        return _colors(content.items())
    items = (item for item in content if isinstance(item, dict)) if isinstance(content, list) else ()
    return _colors((item.get("name") or item.get("label"), item.get("color")) for item in items)


def _colors(items: Iterable[tuple[Any, Any]]) -> dict[str, int]:
    """Each colour once, for the first class that has it."""
    found: dict[str, int] = {}
    for name, color in items:
        value = _value(color)
        if isinstance(name, str) and value is not None and value not in found.values():
            found[name] = value
    return found


def _value(color: Any) -> int | None:
    if isinstance(color, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", color.strip()):
        return int(color.strip()[1:], 16)
    try:
        red, green, blue = (int(channel) for channel in color)
    except (TypeError, ValueError):
        return None
    is_color = all(0 <= channel <= 255 for channel in (red, green, blue))
    return red << 16 | green << 8 | blue if is_color else None
