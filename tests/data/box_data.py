"""Small data sets with boxes, in the layouts of Pascal VOC, COCO and YOLO."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Box = tuple[str, float, float, float, float]
"""Class, left, top, right, bottom in pixels."""


def voc_xml(boxes: Sequence[Box], *, size: tuple[int, int] = (40, 20), filename: str = "") -> str:
    """An annotation of Pascal VOC."""
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax>"
        f"<ymax>{bottom}</ymax></bndbox></object>"
        for name, left, top, right, bottom in boxes
    )
    width, height = size
    return (
        f"<annotation><filename>{filename}</filename><size><width>{width}</width><height>{height}</height></size>"
        f"{objects}</annotation>"
    )


def write_voc(folder: Path, boxes: Mapping[str, Sequence[Box]], lists: Mapping[str, Sequence[str]]) -> Path:
    """Annotations by name of the picture, and the lists of names; the pictures are written by the test."""
    (folder / "Annotations").mkdir(parents=True, exist_ok=True)
    for name, own in boxes.items():
        (folder / "Annotations" / f"{name}.xml").write_text(voc_xml(own, filename=f"{name}.png"), encoding="utf-8")
    if lists:
        (folder / "ImageSets" / "Main").mkdir(parents=True)
    for name, names in lists.items():
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    return folder


def write_coco(path: Path, images: Sequence[dict[str, Any]], annotations: Sequence[dict[str, Any]]) -> None:
    """A JSON file of COCO with the classes 3 (cat) and 7 (dog)."""
    categories = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"images": list(images), "annotations": list(annotations), "categories": categories}
    path.write_text(json.dumps(content), encoding="utf-8")
